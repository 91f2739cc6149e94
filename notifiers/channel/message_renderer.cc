// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/message_renderer.h"

#include <utility>

#include "notifiers/channel/notification_data.h"

namespace outrider {

MessageRenderer::MessageRenderer(const tmpl::TemplateSet& templates,
                                 const Notification& notification)
    : templates_(templates), data_(NotificationData(notification)) {}

std::string MessageRenderer::Keep(StatusOr<std::string> rendered) {
  if (rendered.ok()) return *std::move(rendered);
  status_ = rendered.status();
  return "";
}

std::string MessageRenderer::Text(std::string_view text) {
  // Most texts of a section are plain or empty.
  if (text.find("{{") == std::string_view::npos) return std::string(text);
  return status_.ok() ? Keep(templates_.ExecuteText(text, data_)) : "";
}

std::string MessageRenderer::Html(std::string_view text) {
  return status_.ok() ? Keep(templates_.ExecuteHtml(text, data_)) : "";
}

std::string WithNote(const Notification& notification, std::string text) {
  if (notification.note.empty()) return text;
  return notification.note + "\n" + text;
}

}  // namespace outrider
