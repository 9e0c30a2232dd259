// Where files are sent: what they weigh is said before, and pictures cross a slow line smaller.
// What resists stays as it is, and the server has the last word.

async function shrunk(file) {
  if (file.size < 1.5e6 || !/^image\/(jpeg|png|webp|hei[cf])$/.test(file.type)) return file;
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, 2000 / Math.max(picture.width, picture.height));
    const canvas = new OffscreenCanvas(picture.width * scale, picture.height * scale);
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff"; // for what was transparent
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 });
    const name = file.name.replace(/\.\w+$/, "") + ".jpg";
    return blob.size < file.size ? new File([blob], name, { type: blob.type }) : file;
  } catch {
    return file;
  }
}

function setUp(input) {
  const told = document.querySelector("#files_told");
  const { most, largest } = input.dataset;
  const megabytes = (size) => (size / 2 ** 20).toLocaleString(document.documentElement.lang, {
    maximumFractionDigits: 1,
  });
  const say = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  input.addEventListener("change", async () => {
    const button = input.form.querySelector("button");
    button.disabled = true;
    told.textContent = told.dataset.working;
    const files = new DataTransfer();
    for (const file of input.files) files.items.add(await shrunk(file));
    input.files = files.files;
    button.disabled = false;
    const all = [...input.files];
    const total = all.reduce((sum, file) => sum + file.size, 0);
    const count = all.length;
    const lines = all.filter((file) => file.size > largest)
      .map(({ name, size }) => say(told.dataset.tooLarge, { name, size: megabytes(size) }));
    if (count > most) lines.push(say(told.dataset.tooMany, { count }));
    if (count && !lines.length) lines.push(say(told.dataset.ready, { count, size: megabytes(total) }));
    told.textContent = lines.join(" ");
  });
}

const chooser = document.querySelector("#files");
if (chooser) setUp(chooser);
