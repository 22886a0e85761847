import { z } from 'zod';
import { LONGEST_EXPRESSION } from './triage-rule.ts';

/** What routing does: nothing, say for whom a study is and move that as work comes and goes, or say it once and keep to it. */
export const ROUTING_MODES = ['off', 'suggest', 'assign'] as const;
export const RoutingMode = z.enum(ROUTING_MODES);
export type RoutingMode = z.infer<typeof RoutingMode>;

/** How a study is somebody's: said by the engine, said once and kept to, set by a person, or open to a group or anyone. */
export const ROUTE_STANDINGS = ['suggested', 'assigned', 'pinned', 'offered'] as const;
export const RouteStanding = z.enum(ROUTE_STANDINGS);
export type RouteStanding = z.infer<typeof RouteStanding>;

/** Kept as the reason where readers took a study for themselves, who are not asked for one; pages put it in words. */
export const TAKEN_REASON = 'taken-by-reader';

/** What readers say of themselves; it ends by itself. */
export const PRESENCE_STATES = ['available', 'break', 'off'] as const;
export const PresenceState = z.enum(PRESENCE_STATES);
export type PresenceState = z.infer<typeof PresenceState>;

/** Why a reader is offered work now, or is not. */
export const READER_STATES = [
  'here',
  'said-break',
  'said-off',
  'taken-out',
  'off-shift',
  'planned-break',
  'not-signed-in',
] as const;
export const ReaderState = z.enum(READER_STATES);
export type ReaderState = z.infer<typeof ReaderState>;

const minuteOfDay = z.number().int().min(0).max(1439);

/** Hours that come back every week, by the site's clock: ISO weekdays on which they begin; they end the next day where they end at or before they begin. */
export const WeeklyHours = z.strictObject({
  weekdays: z.array(z.number().int().min(1).max(7)).min(1).max(7),
  fromMinute: minuteOfDay,
  toMinute: minuteOfDay,
});
export type WeeklyHours = z.infer<typeof WeeklyHours>;

const id = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
  .max(40);
const named = {
  id,
  name: z.string().trim().min(2).max(60),
  /** CEL over RULE_VARIABLES. */
  when: z.string().trim().min(1).max(LONGEST_EXPRESSION),
};

/** Readers who read one kind of study: the first group whose condition holds has the study. */
export const RoutingGroup = z.strictObject(named);
export type RoutingGroup = z.infer<typeof RoutingGroup>;

/** What a reader must be able to do for studies of which the condition holds, whatever their group. */
export const RoutingSkill = z.strictObject(named);
export type RoutingSkill = z.infer<typeof RoutingSkill>;

/** One who reads here: what, when, and how fast until the station has measured it. */
export const RoutingReader = z.strictObject({
  userId: z.uuid(),
  groups: z.array(id).max(30),
  skills: z.array(id).max(30),
  shifts: z.array(WeeklyHours).max(14),
  breaks: z.array(WeeklyHours).max(14),
  /** Minutes for one point of a study's complexity. */
  minutesPerPoint: z.number().min(0.1).max(60),
});
export type RoutingReader = z.infer<typeof RoutingReader>;

const areOnce = (items: readonly { readonly id: string }[]) =>
  new Set(items.map((item) => item.id)).size === items.length;

/** Who reads what at a site and when, as data that its medical lead signs. */
export const RoutingSet = z
  .strictObject({
    mode: RoutingMode,
    groups: z.array(RoutingGroup).max(30).refine(areOnce, { message: 'named-twice' }),
    skills: z.array(RoutingSkill).max(30).refine(areOnce, { message: 'named-twice' }),
    readers: z.array(RoutingReader).max(200),
    /** Of the time that is left until it is to be opened: a reader who has not opened it by then is passed over. */
    openShare: z.number().min(0.1).max(0.9),
    /** So many routine follow-ups of one kind go to one reader after another, at most; 1: none. */
    batch: z.number().int().min(1).max(20),
  })
  .refine(({ readers }) => new Set(readers.map(({ userId }) => userId)).size === readers.length, {
    message: 'reader-named-twice',
  })
  .refine(
    ({ groups, skills, readers }) =>
      readers.every(
        (reader) =>
          reader.groups.every((one) => groups.some((group) => group.id === one)) &&
          reader.skills.every((one) => skills.some((skill) => skill.id === one)),
      ),
    { message: 'unknown-group-or-skill' },
  );
export type RoutingSet = z.infer<typeof RoutingSet>;

/** What stands where nobody signed anything: nothing is routed. */
export const NO_ROUTING: RoutingSet = { mode: 'off', groups: [], skills: [], readers: [], openShare: 0.5, batch: 1 };
