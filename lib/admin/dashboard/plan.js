import { element } from "./elements.js";
import { count } from "./words.js";

/** Players named at most of those who would be moved. */
const NAMED = 8;
const PLANS = {
  changes: "This would change:",
  unchanged: "The file says what is running already.",
  invalid: "The file cannot be used:",
  restart: "This cannot change while the edge runs:",
  stopping: "The file cannot be put into effect:",
};

/** What a reload would do, for people: what goes into the dialog. */
export function planned({ result, changes, problems, warnings = [], moves }) {
  const items = changes.map(({ kind, what, details }) =>
    element("li", {}, `${kind} ${what}`, list(details.map((detail) => element("li", {}, detail))))
  );
  const parts = [
    element("p", {}, PLANS[result]),
    list([...problems, ...warnings].map((problem) => element("li", { class: "problem" }, problem))),
    list(items),
  ];
  if (moves.length > 0) {
    parts.push(element("p", {}, `${count(moves.length, "player")} would be moved: ${movedNames(moves)}`));
  }
  return parts;
}

function movedNames(moves) {
  const names = moves.slice(0, NAMED).map(({ player, from }) => `${player} from ${from}`).join(", ");
  return moves.length > NAMED ? `${names} and ${moves.length - NAMED} more` : names;
}

function list(items) {
  return items.length === 0 ? "" : element("ul", {}, ...items);
}
