"""The facts: any GIS file becomes checked, frozen tables; neighbours; sites; platform demand; units."""

import os
from pathlib import Path

from parcels.common.catalogue import provide, register
from parcels.common.schema import titles
from parcels.common.vocabulary import printed

register(Path(__file__).parent / "texts")
provide(printed)
provide(titles)

UNUSED_DRIVERS = (
    "ADBC,AIVector,AVCBin,AVCE00,AmigoCloud,CSV,CSW,Carto,DGN,EDIGEO,EEDA,ESRIJSON,Elasticsearch,GDALG,GML,"
    "GPSBabel,GPX,GTFS,GeoRSS,HTTP,Idrisi,JML,JSONFG,LVBAG,MBTiles,MVT,MapML,MiraMonVector,NGW,OAPIF,ODS,"
    "OGCAPI,OGR_GMT,OGR_PDS,OGR_VRT,OSM,PCIDSK,PDF,PDS4,PGDUMP,PLSCENES,PMTiles,S57,SQLite,SXF,Selafin,"
    "TopoJSON,VDV,VFK,VICAR,WAsP,WFS,XLSX,MapInfo File"
)
"""Drivers of GDAL that landopt does without: those that name other files, addresses, databases or programs first."""
# GDAL looks at this once, when it is first loaded; whoever loaded it before keeps its drivers, and the gate remains
os.environ["GDAL_SKIP"] = ",".join(
    dict.fromkeys(filter(None, f"{os.environ.get('GDAL_SKIP', '')},{UNUSED_DRIVERS}".split(",")))
)
