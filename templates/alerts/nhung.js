/* Warnings of the provincial police in this page. Data attributes of the script
   element choose what is shown: data-xa, data-co-quan or data-canh-bao; none shows the newest. */
(() => {
  "use strict";
  const portal = "{{ portal|escapejs }}";
  const line = document.currentScript;
  if (!line) return;
  const chosen = [["xa", "xa"], ["coQuan", "co-quan"], ["canhBao", "canh-bao"]]
    .filter(([name]) => line.dataset[name])
    .map(([name, path]) => `${path}/${encodeURIComponent(line.dataset[name])}/`)[0] || "";
  const frame = document.createElement("iframe");
  frame.src = `${portal}/nhung/song/${chosen}`;
  frame.title = "Cảnh báo lừa đảo của {{ police }}";
  frame.width = "100%";
  frame.height = "420";
  frame.loading = "lazy";
  frame.setAttribute("frameborder", "0");
  line.after(frame);
  addEventListener("message", (event) => {
    if (event.origin !== new URL(portal).origin || event.source !== frame.contentWindow) return;
    const height = event.data && event.data.thanhHoaHeight;
    if (Number.isInteger(height) && height > 0) frame.height = String(Math.min(height, 1200));
  });
})();
