<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.28" styleCategories="Symbology|Labeling" labelsEnabled="1">
<renderer-v2 type="categorizedSymbol" attr="coalesce(method,'')" enableorderby="0" forceraster="0">
<categories>
<category symbol="0" value="allocation" label="划拨 allocation" render="true"/>
<category symbol="1" value="agreement" label="协议出让 agreement grant" render="true"/>
<category symbol="2" value="bid" label="招标出让 bid" render="true"/>
<category symbol="3" value="auction" label="拍卖出让 auction" render="true"/>
<category symbol="4" value="listing" label="挂牌出让 listing" render="true"/>
<category symbol="5" value="lease" label="长期租赁 long lease" render="true"/>
<category symbol="6" value="lease_then_grant" label="先租后让 lease then grant" render="true"/>
<category symbol="7" value="contribution" label="作价出资（入股） contribution as capital" render="true"/>
<category symbol="8" value="" label="暂不供应 held back" render="true"/>
</categories>
<symbols>
<symbol type="fill" name="0" alpha="1" clip_to_extent="1">
<layer class="SimpleFill" enabled="1" pass="0">
<Option type="Map">
<Option name="color" type="QString" value="34,136,51,255"/>
<Option name="outline_color" type="QString" value="60,70,84,255"/>
<Option name="outline_width" type="QString" value="0.15"/>
<Option name="outline_width_unit" type="QString" value="MM"/>
<Option name="style" type="QString" value="solid"/>
</Option>
</layer>
</symbol>
<symbol type="fill" name="1" alpha="1" clip_to_extent="1">
<layer class="SimpleFill" enabled="1" pass="0">
<Option type="Map">
<Option name="color" type="QString" value="204,187,68,255"/>
<Option name="outline_color" type="QString" value="60,70,84,255"/>
<Option name="outline_width" type="QString" value="0.15"/>
<Option name="outline_width_unit" type="QString" value="MM"/>
<Option name="style" type="QString" value="solid"/>
</Option>
</layer>
</symbol>
<symbol type="fill" name="2" alpha="1" clip_to_extent="1">
<layer class="SimpleFill" enabled="1" pass="0">
<Option type="Map">
<Option name="color" type="QString" value="170,51,119,255"/>
<Option name="outline_color" type="QString" value="60,70,84,255"/>
<Option name="outline_width" type="QString" value="0.15"/>
<Option name="outline_width_unit" type="QString" value="MM"/>
<Option name="style" type="QString" value="solid"/>
</Option>
</layer>
</symbol>
<symbol type="fill" name="3" alpha="1" clip_to_extent="1">
<layer class="SimpleFill" enabled="1" pass="0">
<Option type="Map">
<Option name="color" type="QString" value="238,102,119,255"/>
<Option name="outline_color" type="QString" value="60,70,84,255"/>
<Option name="outline_width" type="QString" value="0.15"/>
<Option name="outline_width_unit" type="QString" value="MM"/>
<Option name="style" type="QString" value="solid"/>
</Option>
</layer>
</symbol>
<symbol type="fill" name="4" alpha="1" clip_to_extent="1">
<layer class="SimpleFill" enabled="1" pass="0">
<Option type="Map">
<Option name="color" type="QString" value="68,119,170,255"/>
<Option name="outline_color" type="QString" value="60,70,84,255"/>
<Option name="outline_width" type="QString" value="0.15"/>
<Option name="outline_width_unit" type="QString" value="MM"/>
<Option name="style" type="QString" value="solid"/>
</Option>
</layer>
</symbol>
<symbol type="fill" name="5" alpha="1" clip_to_extent="1">
<layer class="SimpleFill" enabled="1" pass="0">
<Option type="Map">
<Option name="color" type="QString" value="102,204,238,255"/>
<Option name="outline_color" type="QString" value="60,70,84,255"/>
<Option name="outline_width" type="QString" value="0.15"/>
<Option name="outline_width_unit" type="QString" value="MM"/>
<Option name="style" type="QString" value="solid"/>
</Option>
</layer>
</symbol>
<symbol type="fill" name="6" alpha="1" clip_to_extent="1">
<layer class="SimpleFill" enabled="1" pass="0">
<Option type="Map">
<Option name="color" type="QString" value="238,119,51,255"/>
<Option name="outline_color" type="QString" value="60,70,84,255"/>
<Option name="outline_width" type="QString" value="0.15"/>
<Option name="outline_width_unit" type="QString" value="MM"/>
<Option name="style" type="QString" value="solid"/>
</Option>
</layer>
</symbol>
<symbol type="fill" name="7" alpha="1" clip_to_extent="1">
<layer class="SimpleFill" enabled="1" pass="0">
<Option type="Map">
<Option name="color" type="QString" value="51,34,136,255"/>
<Option name="outline_color" type="QString" value="60,70,84,255"/>
<Option name="outline_width" type="QString" value="0.15"/>
<Option name="outline_width_unit" type="QString" value="MM"/>
<Option name="style" type="QString" value="solid"/>
</Option>
</layer>
</symbol>
<symbol type="fill" name="8" alpha="1" clip_to_extent="1">
<layer class="SimpleFill" enabled="1" pass="0">
<Option type="Map">
<Option name="color" type="QString" value="255,255,255,255"/>
<Option name="outline_color" type="QString" value="60,70,84,255"/>
<Option name="outline_width" type="QString" value="0.15"/>
<Option name="outline_width_unit" type="QString" value="MM"/>
<Option name="style" type="QString" value="solid"/>
</Option>
</layer>
</symbol>
</symbols>
</renderer-v2>
<labeling type="simple">
<settings calloutType="simple">
<text-style fieldName="parcel_id" fontSize="7" textColor="29,37,48,255"/>
<rendering scaleVisibility="1" scaleMin="1" scaleMax="10000"/>
</settings>
</labeling>
</qgis>
