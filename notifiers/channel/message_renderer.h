// SPDX-License-Identifier: Apache-2.0
// The texts of one message: renders templates with its data and remembers the first error, so that
// a channel can write its whole body and ask once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "notifiers/channel/channel.h"
#include "rules/template/template.h"
#include "storage/base/status.h"

namespace outrider {

class MessageRenderer {
 public:
  // `templates` must outlive this.
  MessageRenderer(const tmpl::TemplateSet& templates, const Notification& notification);

  // From now on one text that fails leaves the others as they are; status() is still its error.
  void KeepGoing() { keeps_going_ = true; }

  // "" after the first error, as in Alertmanager.
  std::string Text(std::string_view text);
  // The same with html/template's escaping.
  std::string Html(std::string_view text);
  // Keeps an error that came up elsewhere, unless there is one already.
  void Fail(const Status& status) {
    if (status_.ok()) status_ = status;
  }
  const Status& status() const { return status_; }

 private:
  std::string Keep(StatusOr<std::string> rendered);

  const tmpl::TemplateSet& templates_;
  const tmpl::Value data_;
  Status status_;
  bool keeps_going_ = false;
};

// The notification's note, if any, as a line before a message's text.
std::string WithNote(const Notification& notification, std::string text);

// How a channel writes links.
enum class LinkStyle : uint8_t {
  kPlain,     // Acknowledge: https://…, a line each
  kMarkdown,  // [Acknowledge](https://…)
  kAngle,     // <https://…|Acknowledge>
  kHtml,      // <a href="https://…">Acknowledge</a>
};
// The links a page may be answered by, "" for other messages.
std::string AnswerLinks(const Notification& notification, LinkStyle style);
// Note and links before a message's text, so that cutting it leaves them.
std::string WithNoteAndLinks(const Notification& notification, LinkStyle style, std::string text);

}  // namespace outrider
