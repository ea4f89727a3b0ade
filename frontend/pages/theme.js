// Runs before the first picture, so that a dark page never flashes white.
document.documentElement.dataset.theme =
  localStorage.getItem("spotkick.theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
