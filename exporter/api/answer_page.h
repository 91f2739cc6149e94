// SPDX-License-Identifier: Apache-2.0
// The page behind a link in a message: what is wrong, who is on it, and the button. Made for a
// phone at night: small, dark where the phone is, without a script.
#pragma once

#include <string>

#include "exporter/http/server.h"
#include "notifiers/desk/answer_views.h"

namespace outrider {

// `said`: what became of an answer just given, or "". `ask_name`: the link was sent to a receiver
// of several people, so the page asks who answers.
struct AnswerPageData {
  const AnswerView& view;
  std::string said;
  bool ask_name = false;
  Nanos now = 0;
};
std::string RenderAnswerPage(const AnswerPageData& data);
// For tokens that open nothing.
std::string RenderAnswerProblem(const std::string& title, const std::string& text);

// Not kept by anybody, and its address is told to nobody: it is the key.
HttpResponse AnswerPageResponse(int status, std::string page);

}  // namespace outrider
