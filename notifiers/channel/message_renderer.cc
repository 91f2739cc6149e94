// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/message_renderer.h"

#include <utility>
#include <vector>

#include "notifiers/channel/notification_data.h"
#include "storage/base/text.h"

namespace outrider {

MessageRenderer::MessageRenderer(const tmpl::TemplateSet& templates,
                                 const Notification& notification)
    : templates_(templates), data_(NotificationData(notification)) {}

std::string MessageRenderer::Keep(StatusOr<std::string> rendered) {
  if (rendered.ok()) return *std::move(rendered);
  Fail(rendered.status());
  return "";
}

std::string MessageRenderer::Text(std::string_view text) {
  // Most texts of a section are plain or empty.
  if (text.find("{{") == std::string_view::npos) return std::string(text);
  const bool goes_on = status_.ok() || keeps_going_;
  return goes_on ? Keep(templates_.ExecuteText(text, data_)) : "";
}

std::string MessageRenderer::Html(std::string_view text) {
  return status_.ok() ? Keep(templates_.ExecuteHtml(text, data_)) : "";
}

std::string WithNote(const Notification& notification, std::string text) {
  if (notification.note.empty()) return text;
  return notification.note + "\n" + text;
}

std::string AnswerLinks(const Notification& notification, LinkStyle style) {
  std::vector<std::string> links;
  for (const NotificationAction& action : notification.actions) {
    if (action.url.empty()) continue;
    switch (style) {
      case LinkStyle::kPlain:
        links.push_back(action.label + ": " + action.url);
        break;
      case LinkStyle::kMarkdown:
        links.push_back("[" + action.label + "](" + action.url + ")");
        break;
      case LinkStyle::kAngle:
        links.push_back("<" + action.url + "|" + action.label + ">");
        break;
      case LinkStyle::kHtml:
        links.push_back("<a href=\"" + EscapeHtml(action.url) + "\">" + EscapeHtml(action.label) +
                        "</a>");
        break;
    }
  }
  return Join(links, style == LinkStyle::kPlain ? "\n" : " | ");
}

std::string WithNoteAndLinks(const Notification& notification, LinkStyle style, std::string text) {
  const std::string links = AnswerLinks(notification, style);
  return WithNote(notification, links.empty() ? std::move(text) : links + "\n" + text);
}

}  // namespace outrider
