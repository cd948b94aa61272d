// Niceties: a file can be dropped where one is asked for; the button beside it does the same.
"use strict";

for (const place of document.querySelectorAll(".drop")) {
  const file = place.querySelector("input[type=file]");
  for (const name of ["dragenter", "dragover"]) {
    place.addEventListener(name, (event) => {
      event.preventDefault();
      place.dataset.over = "1";
    });
  }
  for (const name of ["dragleave", "drop"]) place.addEventListener(name, () => { delete place.dataset.over; });
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) file.files = event.dataTransfer.files;
  });
}
