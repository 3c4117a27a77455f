// The mailed link has the code behind its #, which no browser sends to any server. Put it where it would be typed, and
// out of the address, so that it is in no history and over nobody's shoulder.
"use strict";
const code = decodeURIComponent(location.hash.slice(1));
const field = document.getElementById("code");
if (code !== "" && field !== null) {
  field.value = code;
  history.replaceState(null, "", location.pathname);
  document.getElementById("new").focus();
}
