// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/route_labels.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/channel/notification_data.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using tmpl::Value;

// Labels that name each other deeper than this are a mistake; the stack must hold them.
constexpr size_t kMostNested = 50;

class Resolver {
 public:
  Resolver(const std::map<std::string, std::string>& texts, const Notification& notification,
           const tmpl::TemplateSet& templates)
      : texts_(texts), templates_(templates) {
    Notification raw = notification;
    raw.route_labels = texts;
    tmpl::Object data = *NotificationData(raw).AsObject();
    for (auto& [name, value] : data.fields) {
      if (name != "RouteLabels") continue;
      tmpl::Object labels = *value.AsObject();
      labels.methods.emplace_back(
          kRenderRouteLabel, tmpl::Method(
                                 [this](std::span<const Value> args) -> StatusOr<Value> {
                                   return Value(TRY(Render(std::get<std::string>(args[0].data()))));
                                 },
                                 "s"));
      value = Value(std::move(labels));
    }
    data_ = Value(std::move(data));
  }
  Resolver(const Resolver&) = delete;  // its data points here
  Resolver& operator=(const Resolver&) = delete;

  // "" for a label that there is not.
  StatusOr<std::string> Render(const std::string& name) {
    const auto text = texts_.find(name);
    if (text == texts_.end()) return std::string();
    if (const auto known = rendered_.find(name); known != rendered_.end()) return known->second;
    if (std::ranges::find(under_way_, name) != under_way_.end()) {
      return InvalidArgument(
          fmt::format("route label cycle detected: {} -> {}", Join(under_way_, " -> "), name));
    }
    if (under_way_.size() == kMostNested) {
      return InvalidArgument(
          fmt::format("route labels name each other deeper than {}: {}", kMostNested, name));
    }
    under_way_.push_back(name);
    StatusOr<std::string> result = templates_.ExecuteText(text->second, data_);
    under_way_.pop_back();
    return rendered_.emplace(name, std::move(result)).first->second;
  }

 private:
  const std::map<std::string, std::string>& texts_;
  const tmpl::TemplateSet& templates_;
  Value data_;
  std::map<std::string, StatusOr<std::string>> rendered_;
  std::vector<std::string> under_way_;
};

}  // namespace

bool NeedRendering(const std::map<std::string, std::string>& labels) {
  return std::ranges::any_of(
      labels, [](const auto& label) { return label.second.find("{{") != std::string::npos; });
}

std::map<std::string, std::string> RenderRouteLabels(
    const std::map<std::string, std::string>& labels, const Notification& notification,
    const tmpl::TemplateSet& templates, std::vector<std::string>* problems) {
  if (!NeedRendering(labels)) return labels;
  Resolver resolver(labels, notification, templates);
  std::map<std::string, std::string> rendered;
  for (const auto& [name, text] : labels) {
    StatusOr<std::string> value = resolver.Render(name);
    if (value.ok()) {
      rendered.emplace(name, *std::move(value));
    } else if (problems != nullptr) {
      problems->push_back(fmt::format("{}: {}", name, Message(value.status())));
    }
  }
  return rendered;
}

}  // namespace outrider
