/* The map: polygons on a canvas, coloured by method with a hatch and a sign, so that colour is never the only sign. */
"use strict";
(function (root) {
  /* Paul Tol, bright (blue, red, green, yellow, cyan, purple, grey) with orange (vibrant) and indigo (muted) */
  const STYLE = {
    allocation: { fill: "#228833", hatch: "dots", zh: "划", en: "AL" },
    agreement: { fill: "#CCBB44", hatch: "up", zh: "协", en: "AG" },
    bid: { fill: "#AA3377", hatch: "cross", zh: "招", en: "BI" },
    auction: { fill: "#EE6677", hatch: "down", zh: "拍", en: "AU" },
    listing: { fill: "#4477AA", hatch: "", zh: "挂", en: "LI" },
    lease: { fill: "#66CCEE", hatch: "level", zh: "租", en: "LE" },
    lease_then_grant: { fill: "#EE7733", hatch: "upright", zh: "先", en: "LG" },
    contribution: { fill: "#332288", hatch: "grid", zh: "入", en: "CO" },
    held: { fill: "#FFFFFF", hatch: "sparse", zh: "", en: "" },
    other: { fill: "#999999", hatch: "grid", zh: "？", en: "?" },
  };
  const styleOf = (method) => STYLE[method] || STYLE.other;
  const dark = (hex) => parseInt(hex.slice(1, 3), 16) * 0.3 + parseInt(hex.slice(3, 5), 16) * 0.59 + parseInt(hex.slice(5), 16) * 0.11 < 140;

  function drawHatch(ctx, kind, colour) {
    const line = (a, b, c, d) => { ctx.beginPath(); ctx.moveTo(a, b); ctx.lineTo(c, d); ctx.stroke(); };
    ctx.strokeStyle = ctx.fillStyle = colour; ctx.lineWidth = 1;
    if (kind === "dots") for (const [x, y] of [[2, 2], [6, 6]]) { ctx.beginPath(); ctx.arc(x, y, 0.9, 0, 7); ctx.fill(); }
    if (kind === "up" || kind === "cross") { line(-1, 9, 9, -1); line(-1, 1, 1, -1); line(7, 9, 9, 7); }
    if (kind === "down" || kind === "cross") { line(-1, -1, 9, 9); line(7, -1, 9, 1); line(-1, 7, 1, 9); }
    if (kind === "level" || kind === "grid") line(0, 4, 8, 4);
    if (kind === "upright" || kind === "grid") line(4, 0, 4, 8);
    if (kind === "sparse") line(-1, 9, 9, -1);
  }
  const patterns = {};
  function pattern(ctx, method, grey) {
    const key = (grey ? "grey-" : "") + method;
    if (patterns[key]) return patterns[key];
    const style = styleOf(method), tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const inner = tile.getContext("2d");
    inner.fillStyle = grey ? "#E4E6E9" : style.fill;
    inner.fillRect(0, 0, 8, 8);
    if (!grey && style.hatch) {
      inner.globalAlpha = style.hatch === "sparse" ? 0.3 : 0.5;
      drawHatch(inner, style.hatch, style.hatch === "sparse" ? "#5b6675" : dark(style.fill) ? "#fff" : "#1d2530");
    }
    return (patterns[key] = ctx.createPattern(tile, "repeat"));
  }
  function swatch(method) {
    const canvas = document.createElement("canvas"), scale = 2;
    canvas.width = 26 * scale; canvas.height = 16 * scale;
    const ctx = canvas.getContext("2d");
    ctx.scale(scale, scale);
    ctx.fillStyle = pattern(ctx, method, false);
    ctx.fillRect(0, 0, 26, 16);
    ctx.strokeStyle = "#3c4654"; ctx.strokeRect(0.5, 0.5, 25, 15);
    sign(ctx, method, 13, 8);
    return canvas;
  }
  function sign(ctx, method, x, y) {
    const text = styleOf(method)[document.documentElement.lang === "zh" ? "zh" : "en"];
    if (!text) return;
    ctx.font = "600 11px 'Microsoft YaHei','Noto Sans CJK SC',Arial,sans-serif";
    ctx.textAlign = "center"; ctx.textBaseline = "middle";
    ctx.lineWidth = 3; ctx.lineJoin = "round"; ctx.strokeStyle = "rgba(255,255,255,.92)"; ctx.fillStyle = "#1d2530";
    ctx.strokeText(text, x, y); ctx.fillText(text, x, y);
  }

  /* A parcel that would be a speck (a round may lie in towns far apart) is a square of some pixels, a supplied one larger. */
  const SPECK = 3, MARK = { held: 4, other: 7 };
  const extent = (layer) => { const b = layer._rawPxBounds; return b && b.isValid() ? Math.max(b.max.x - b.min.x, b.max.y - b.min.y) : SPECK; };
  const square = (layer) => { const c = layer._rawPxBounds.getCenter(), half = (MARK[layer.options.method] || MARK.other) / 2; return L.bounds(c.subtract([half, half]), c.add([half, half])); };
  const Parcel = L.Polygon.extend({
    _updateBounds() {
      L.Polygon.prototype._updateBounds.call(this);
      if (this._pxBounds && extent(this) < SPECK) this._pxBounds = square(this);
    },
    _containsPoint(p, closed) { return extent(this) < SPECK ? this._pxBounds.contains(p) : L.Polygon.prototype._containsPoint.call(this, p, closed); },
  });
  const Renderer = L.Canvas.extend({
    _fillStroke(ctx, layer) {
      const o = layer.options, box = layer._pxBounds, wide = box ? Math.min(box.max.x - box.min.x, box.max.y - box.min.y) : 0;
      ctx.globalAlpha = o.faded ? 0.16 : 1;
      if (o.method && extent(layer) < SPECK) {
        const b = square(layer);
        ctx.beginPath(); ctx.rect(b.min.x, b.min.y, b.max.x - b.min.x, b.max.y - b.min.y);
      }
      if (o.method) {
        ctx.fillStyle = wide > 9 ? pattern(ctx, o.method, o.grey) : o.grey ? "#DDE0E4" : o.method === "held" ? "#fff" : styleOf(o.method).fill;
        ctx.fill("evenodd");
      }
      if (o.hatch) { ctx.fillStyle = slanted(ctx, o.hatch); ctx.fill("evenodd"); }
      if (o.weight && (wide > 5 || o.strong)) {
        ctx.lineWidth = o.weight; ctx.strokeStyle = o.color; ctx.lineJoin = "round"; ctx.setLineDash(o.dash || []);
        ctx.stroke(); ctx.setLineDash([]);
      }
      if (o.method && wide > 24 && !o.grey && layer._centre) {
        const at = this._map.latLngToLayerPoint(layer._centre);
        sign(ctx, o.method, at.x, at.y);
      }
      ctx.globalAlpha = 1;
    },
  });

  function rings(data) {
    const c = data.columns, xs = landoptDecode.sums(c.x), ys = landoptDecode.sums(c.y), found = [];
    let polygon = 0, ring = 0, point = 0;
    for (let parcel = 0; parcel < c.parts.length; parcel++) {
      const shapes = [];
      for (let p = 0; p < c.parts[parcel]; p++, polygon++) {
        const loops = [];
        for (let r = 0; r < c.rings[polygon]; r++, ring++) {
          const loop = [];
          for (let k = 0; k < c.points[ring]; k++, point++) loop.push([ys[point] / 100, xs[point] / 100]);
          loops.push(loop);
        }
        shapes.push(loops);
      }
      found.push(shapes);
    }
    return found;
  }
  /* A point well inside for the sign: the middle of the longest run of a level line through the middle of the outer ring. */
  function inside(loop) {
    let low = Infinity, high = -Infinity;
    for (const [y] of loop) { low = Math.min(low, y); high = Math.max(high, y); }
    const y = (low + high) / 2 + 0.003, cuts = [];
    for (let i = 0, j = loop.length - 1; i < loop.length; j = i++) {
      const [ya, xa] = loop[i], [yb, xb] = loop[j];
      if (ya > y !== yb > y) cuts.push(xa + ((y - ya) / (yb - ya)) * (xb - xa));
    }
    cuts.sort((a, b) => a - b);
    let best = [0, -1];
    for (let k = 0; k + 1 < cuts.length; k += 2) if (cuts[k + 1] - cuts[k] > best[1]) best = [(cuts[k] + cuts[k + 1]) / 2, cuts[k + 1] - cuts[k]];
    return best[1] < 0 ? null : L.latLng(y, best[0]);
  }
  function build(element, data, pick, name) {
    const renderer = new Renderer({ padding: 0.3 }), map = L.map(element, {
      crs: L.CRS.Simple, renderer, preferCanvas: true, attributionControl: false, zoomSnap: 0.25, zoomDelta: 0.5, minZoom: -12, maxZoom: 5, zoomAnimation: false, fadeAnimation: false,
    });
    const shapes = rings(data), layers = [];
    L.control.scale({ imperial: false, maxWidth: 160, position: "bottomleft" }).addTo(map);
    for (let i = 0; i < shapes.length; i++) {
      const method = data.columns.method[i], layer = new Parcel(shapes[i], {
        renderer, weight: 0.8, color: "#3c4654", method: method < 0 ? "held" : data.head.methods[method],
      });
      layer._centre = shapes[i].length ? inside(shapes[i][0][0]) : null;
      layer.parcel = i;
      layers.push(layer);
    }
    const held = (layer) => layer.options.method === "held", group = L.featureGroup([...layers.filter(held), ...layers.filter((l) => !held(l))]).addTo(map);
    const tip = L.tooltip({ sticky: true, direction: "top", opacity: 0.95 });
    const small = (layer) => extent(layer) < 4;
    group.on("mouseover mousemove", (e) => { if (!small(e.layer)) { tip.setLatLng(e.latlng).setContent(name(e.layer.parcel)); if (!map.hasLayer(tip)) tip.addTo(map); } });
    group.on("mouseout", () => tip.remove());
    group.on("click", (e) => {
      L.DomEvent.stop(e);
      if (small(e.layer)) { map.setView(e.latlng, map.getZoom() + 2); pick(-1, "zoom"); } else pick(e.layer.parcel, "map");
    });
    const all = group.getBounds();
    if (all.isValid()) map.fitBounds(all, { padding: [24, 24], animate: false }); else map.setView([0, 0], 0);
    protect(data, renderer, map);
    sites(data, shapes, renderer, map);
    return { map, layers, all, group };
  }
  /* Areas that are protected: a dashed outline and a hatch in the colour of their kind, under nothing and in nobody's way. */
  function protect(data, renderer, map) {
    const xs = data.columns.protected_x, ys = data.columns.protected_y;
    let at = 0;
    for (const area of data.head.protected || []) {
      const loops = [];
      for (const count of area.points) {
        const loop = [];
        let x = 0, y = 0;
        for (let k = 0; k < count; k++, at++) { x += xs[at]; y += ys[at]; loop.push([y / 10, x / 10]); }
        loops.push(loop);
      }
      L.polygon(loops.map((loop) => [loop]), { renderer, weight: 1.6, color: area.colour, strong: true, interactive: false, dash: [5, 3], hatch: area.colour }).addTo(map);
    }
  }
  function slanted(ctx, colour) {
    if (patterns[colour]) return patterns[colour];
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    drawHatch(tile.getContext("2d"), "up", colour);
    return (patterns[colour] = ctx.createPattern(tile, "repeat"));
  }
  function hatched(colour) {
    const canvas = document.createElement("canvas"), scale = 2;
    canvas.width = 26 * scale; canvas.height = 16 * scale;
    const ctx = canvas.getContext("2d");
    ctx.scale(scale, scale);
    ctx.fillStyle = slanted(ctx, colour); ctx.fillRect(0, 0, 26, 16);
    ctx.strokeStyle = colour; ctx.setLineDash([5, 3]); ctx.strokeRect(0.5, 0.5, 25, 15);
    return canvas;
  }
  /* The parcels of a site of several get a heavy dashed outline each. */
  function sites(data, shapes, renderer, map) {
    const members = new Map();
    data.columns.site.forEach((site, i) => { if (site >= 0) members.set(site, (members.get(site) || []).concat(i)); });
    for (const parcels of members.values()) {
      if (parcels.length < 2) continue;
      const lines = parcels.flatMap((i) => shapes[i].map((loops) => [...loops[0], loops[0][0]]));
      L.polyline(lines, { renderer, weight: 2.6, color: "#1d2530", strong: true, interactive: false, dash: [7, 3] }).addTo(map);
    }
  }
  root.landoptMap = { build, swatch, hatched, styleOf };
})(globalThis);
