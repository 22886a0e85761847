import { useMemo, useState } from 'react';
import { z } from 'zod';
import { useUserPreference } from '../../bridge/user-preferences.ts';
import { type Links, SCROLL_LINKS, type ScrollLink, USUAL_LINKS } from '../../viewport/linked-views.ts';

/** What a person set of the viewer. */
const ViewerPreference = z.object({
  links: z.object({ scroll: z.enum(SCROLL_LINKS), window: z.boolean(), lines: z.boolean() }),
});
const SHIPPED = { links: USUAL_LINKS };

/** What the viewports do together, as this person left it; following other studies is chosen anew for each, for it starts from where they stand. */
export function useLinks(): { readonly links: Links; readonly setLinks: (links: Links) => void } {
  const { value, set } = useUserPreference('viewer', ViewerPreference, SHIPPED);
  const [followsAll, setFollowsAll] = useState(false);
  const { window, lines } = value.links;
  const scroll = followsAll ? 'all' : value.links.scroll;
  const links = useMemo(() => ({ scroll, window, lines }), [scroll, window, lines]);
  const setLinks = (next: Links) => {
    setFollowsAll(next.scroll === 'all');
    set({ links: next.scroll === 'all' ? { ...next, scroll: 'position' } : next });
  };
  return { links, setLinks };
}

/** The next of the ways to follow. */
export function nextScrollLink(now: ScrollLink): ScrollLink {
  return SCROLL_LINKS[(SCROLL_LINKS.indexOf(now) + 1) % SCROLL_LINKS.length] ?? now;
}
