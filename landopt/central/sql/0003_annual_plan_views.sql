-- The tables of the yearly supply plan, as views over the plans that were pushed; areas in hectares, money in 10,000 yuan.
CREATE VIEW annual_plan_parcels AS
SELECT s.plan_id, p.round, s.district, s.parcel_id, s.parcel_name, a.parcel_ids AS site, a.demand_id, a.platform, a.role,
       round(s.area_m2 / 10000.0, 4) AS area_ha, round(s.new_area_m2 / 10000.0, 4) AS new_ha, s.land_source, s.use,
       a.method, a.right_kind, a.term_years, a.floor_price,
       CASE WHEN a.parcel_ids[1] = s.parcel_id THEN round(a.start_price_yuan / 10000.0, 4) END AS start_price_wan,
       CASE WHEN a.parcel_ids[1] = s.parcel_id THEN round(a.deposit_yuan / 10000.0, 4) END AS deposit_wan,
       a.verdict, a.period, s.geom
FROM supplied s JOIN plan p USING (plan_id) JOIN assignment a USING (plan_id, number);

CREATE VIEW annual_plan_summary AS
SELECT v.plan_id, v.round, coalesce(u.class_en, v.use) AS class, v.use, v.method, count(*) AS parcels,
       sum(v.area_ha) AS area_ha, sum(v.new_ha) AS new_ha, sum(v.area_ha) - sum(v.new_ha) AS stock_ha
FROM annual_plan_parcels v LEFT JOIN word u ON u.kind = 'use' AND u.code = v.use
GROUP BY v.plan_id, v.round, coalesce(u.class_en, v.use), v.use, v.method;

CREATE VIEW annual_plan_unmet AS
SELECT plan_id, 'parcel' AS kind, parcel_id AS id, NULL::text AS name, reasons FROM held
UNION ALL
SELECT plan_id, 'platform', demand_id, platform, reasons FROM unserved;

CREATE VIEW "供应计划宗地表" AS
SELECT v.plan_id AS "方案编号", v.round AS "轮次", v.district AS "行政区", v.parcel_id AS "宗地编号",
       v.parcel_name AS "项目位置（地块名称）", array_to_string(v.site, '+') AS "供地单元", v.demand_id AS "平台编号",
       v.platform AS "创新平台", coalesce(r.zh, v.role) AS "平台地位", v.area_ha AS "面积(公顷)",
       v.new_ha AS "其中新增(公顷)", coalesce(l.zh, v.land_source) AS "土地来源", coalesce(u.zh, v.use) AS "土地用途",
       coalesce(m.zh, v.method) AS "供应方式", coalesce(k.zh, v.right_kind) AS "权利类型", v.term_years AS "土地使用年限",
       v.floor_price AS "底线价(元/平方米)", v.start_price_wan AS "起始价(万元)", v.deposit_wan AS "保证金(万元)",
       coalesce(c.zh, v.verdict) AS "审查结论", v.period AS "拟供应期次", v.geom
FROM annual_plan_parcels v
LEFT JOIN word u ON u.kind = 'use' AND u.code = v.use
LEFT JOIN word m ON m.kind = 'method' AND m.code = v.method
LEFT JOIN word k ON k.kind = 'right' AND k.code = v.right_kind
LEFT JOIN word l ON l.kind = 'land_source' AND l.code = v.land_source
LEFT JOIN word c ON c.kind = 'verdict' AND c.code = v.verdict
LEFT JOIN word r ON r.kind = 'role' AND r.code = v.role;

CREATE VIEW "供应计划汇总表" AS
SELECT s.plan_id AS "方案编号", s.round AS "轮次", coalesce(u.class_zh, u.zh, s.use) AS "用地类别",
       coalesce(u.zh, s.use) AS "土地用途", coalesce(m.zh, s.method) AS "供应方式", s.parcels AS "宗数",
       s.area_ha AS "合计(公顷)", s.new_ha AS "其中：新增(公顷)", s.stock_ha AS "其中：存量(公顷)"
FROM annual_plan_summary s
LEFT JOIN word u ON u.kind = 'use' AND u.code = s.use
LEFT JOIN word m ON m.kind = 'method' AND m.code = s.method;

CREATE VIEW "未供应与未满足清单" AS
SELECT plan_id AS "方案编号", CASE kind WHEN 'parcel' THEN '宗地' ELSE '平台' END AS "类别", id AS "编号", name AS "名称",
       (SELECT string_agg(reason ->> 'zh', E'\n') FROM jsonb_array_elements(reasons) AS reason) AS "原因"
FROM annual_plan_unmet;

GRANT SELECT ON annual_plan_parcels, annual_plan_summary, annual_plan_unmet, "供应计划宗地表", "供应计划汇总表",
                "未供应与未满足清单" TO landopt_reader, landopt_officer, landopt_auditor;
