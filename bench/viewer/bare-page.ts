import {
  cache,
  Enums,
  imageLoader,
  init as initCore,
  RenderingEngine,
  setVolumesForViewports,
  type StackViewport,
  volumeLoader,
} from '@cornerstonejs/core';
import { init as initImageLoader, wadors } from '@cornerstonejs/dicom-image-loader';
import { scrollThrough } from './watch.ts';

type DataSet = Parameters<typeof wadors.metaDataManager.add>[1];

/** What a bare cornerstone page does with a series: nothing but its own loader, its stack viewport, its volume viewports. */
export type BarePage = {
  /** Fetches the metadata and shows the middle image; gives the ms until it is drawn. */
  openSeries: (seriesPath: string) => Promise<number>;
  /** Loads every image; gives the ms since the series was opened. */
  loadAll: () => Promise<number>;
  scrollBare: (from: number, count: number) => Promise<readonly number[]>;
  /** Three planes of a volume of all images; gives the ms until they are drawn with all of it. */
  openPlanes: () => Promise<number>;
  close: () => void;
};

initCore({ debug: {} });
// As many threads as the viewer takes.
initImageLoader({ maxWebWorkers: Math.max(1, Math.min(4, Math.floor(navigator.hardwareConcurrency / 2))) });
cache.setMaxCacheSize(1024 * 1024 * 1024);
const engine = new RenderingEngine('bare');
const element = document.getElementById('stack') as HTMLDivElement;
engine.enableElement({ viewportId: 'stack', element, type: Enums.ViewportType.STACK });
const viewport = engine.getViewport<StackViewport>('stack');
const { Events } = Enums;
let imageIds: readonly string[] = [];
let openedAtMs = 0;

function isLoaded(volume: object): boolean {
  return 'loadStatus' in volume && (volume.loadStatus as { readonly loaded?: boolean }).loaded === true;
}

Object.assign(window, {
  async openSeries(seriesPath) {
    openedAtMs = performance.now();
    const answer = await fetch(`${seriesPath}/metadata`, { headers: { accept: 'application/dicom+json' } });
    const dataSets = (await answer.json()) as DataSet[];
    const placed = dataSets
      .map((dataSet) => {
        const [sopUid = ''] = (dataSet['00080018']?.Value ?? []) as string[];
        const imageId = `wadors:${seriesPath}/instances/${sopUid}/frames/1`;
        wadors.metaDataManager.add(imageId, dataSet);
        return { imageId, z: Number((dataSet['00200032']?.Value as unknown[] | undefined)?.[2] ?? 0) };
      })
      .toSorted((a, b) => a.z - b.z);
    imageIds = placed.map(({ imageId }) => imageId);
    const isDrawn = new Promise((resolve) => element.addEventListener(Events.IMAGE_RENDERED, resolve, { once: true }));
    await viewport.setStack([...imageIds], Math.floor(imageIds.length / 2));
    viewport.render();
    await isDrawn;
    return performance.now() - openedAtMs;
  },
  async loadAll() {
    await Promise.all(
      imageIds.map((imageId) =>
        imageLoader.loadAndCacheImage(imageId, { requestType: Enums.RequestType.Prefetch, priority: 10 }),
      ),
    );
    return performance.now() - openedAtMs;
  },
  scrollBare: (from, count) => scrollThrough(viewport, from, count),
  async openPlanes() {
    const began = performance.now();
    const volumeId = `bare:${began}`;
    const volume = await volumeLoader.createAndCacheVolume(volumeId, { imageIds: [...imageIds] });
    const planes = [Enums.OrientationAxis.AXIAL, Enums.OrientationAxis.SAGITTAL, Enums.OrientationAxis.CORONAL];
    for (const [index, orientation] of planes.entries()) {
      const pane = document.createElement('div');
      pane.style.gridArea = `${1 + Math.floor(index / 2)} / ${1 + (index % 2)}`;
      document.body.append(pane);
      engine.enableElement({
        ...{ viewportId: `plane-${index}`, element: pane, type: Enums.ViewportType.ORTHOGRAPHIC },
        defaultOptions: { orientation },
      });
    }
    volume.load();
    const viewportIds = planes.map((_, index) => `plane-${index}`);
    await setVolumesForViewports(engine, [{ volumeId }], viewportIds);
    // Where all images are in the cache already, nothing says that it is loaded.
    while (!isLoaded(volume)) await new Promise((resolve) => requestAnimationFrame(resolve));
    const areDrawn = viewportIds.map(
      (id) =>
        new Promise((resolve) =>
          engine.getViewport(id)?.element.addEventListener(Events.IMAGE_RENDERED, resolve, { once: true }),
        ),
    );
    engine.renderViewports(viewportIds);
    await Promise.all(areDrawn);
    const took = performance.now() - began;
    for (const id of viewportIds) {
      const pane = engine.getViewport(id)?.element;
      engine.disableElement(id);
      pane?.remove();
    }
    return took;
  },
  close() {
    cache.purgeCache();
    for (const imageId of imageIds) wadors.metaDataManager.remove(imageId);
    imageIds = [];
  },
} satisfies BarePage);
