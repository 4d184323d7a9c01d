// The run as a file that plays by itself: a link, which says that the file is being written.
import { useState } from "preact/hooks";
import { html } from "studio/html";
import { place } from "studio/source";
import { useStudio } from "studio/state";

export function SaveReplay() {
  const { setup } = useStudio(), [said, say] = useState("");
  const save = async (event) => {
    event.preventDefault();
    if (said === "Saving …") return;
    say("Saving …");
    try {
      const response = await fetch(event.target.href);
      if (!response.ok) throw new Error((await response.json()).error);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await response.blob());
      link.download = "clearprop-replay.html";
      link.click();
      URL.revokeObjectURL(link.href);
      say("Saved.");
    } catch (error) {
      say(error.message);
    }
  };
  return html`<span class="save"><span role="status">${said}</span>
    <a download href=${place("replay", setup)} onClick=${save}>Save replay</a></span>`;
}
