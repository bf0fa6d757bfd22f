@echo off
rem The workbench over the folder of documents, or over the folder dropped on this file; closing the window ends it.
title landopt
chcp 65001 >nul
if "%~1"=="" (cd /d "%USERPROFILE%\Documents") else (cd /d "%~1")
"%~dp0python\python.exe" -X utf8 -m landopt serve
if errorlevel 1 pause
