@echo off
rem A command prompt in which landopt is found, opened in the folder of documents.
chcp 65001 >nul
set "PATH=%~dp0;%PATH%"
cd /d "%USERPROFILE%\Documents"
cmd /k landopt --help
