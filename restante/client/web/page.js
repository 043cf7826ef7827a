// Keys go to the chat from the first one on, and after a click beside it.
addEventListener("load", () => {
  const focus = () => document.querySelector("#terminal textarea")?.focus();
  focus();
  addEventListener("focus", focus);
  addEventListener("click", focus);
});
