import { contextBridge, ipcRenderer } from 'electron';
import { makeDesktopBridge } from './bridge.ts';

contextBridge.exposeInMainWorld('desktop', makeDesktopBridge(ipcRenderer, process.platform));
