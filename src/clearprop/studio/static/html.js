// What every part of the page builds with: elements as tagged templates, without a build step.
import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);
