// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/incident_body.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxBody = 64 * 1024;
constexpr size_t kMaxName = 256;
constexpr size_t kMaxNote = 8 * 1024;

Status CheckLength(std::string_view key, const std::string& text, size_t most) {
  if (text.size() <= most) return absl::OkStatus();
  return InvalidArgument(fmt::format("body: {} has more than {} bytes", key, most));
}

std::string* TargetOf(std::string_view key, HumanAction* action) {
  if (key == "by") return &action->who;
  if (key == "note" || key == "notes") return &action->note;
  if (key == "channel") return &action->channel;
  return nullptr;
}

Status ReadMember(const JsonValue::Member& member, const std::vector<std::string_view>& own,
                  HumanAction* action) {
  const auto& [key, value] = member;
  if (std::ranges::find(own, key) != own.end()) return absl::OkStatus();
  std::string* target = TargetOf(key, action);
  if (target == nullptr) return InvalidArgument(fmt::format("body: unknown key {}", Quote(key)));
  if (value.kind != JsonValue::Kind::kString) {
    return InvalidArgument(fmt::format("body: {} must be a text", key));
  }
  *target = value.string;
  return absl::OkStatus();
}

}  // namespace

StatusOr<IncidentBody> ReadIncidentBody(HttpRequest& request,
                                        const std::vector<std::string_view>& own) {
  IncidentBody body;
  const auto id = request.path_params.find("id");
  if (id != request.path_params.end()) body.action.incident_id = id->second;
  body.action.channel = "api";
  const std::string text = TRY(request.ReadBody(kMaxBody));
  body.json.kind = JsonValue::Kind::kObject;
  if (!Trim(text).empty()) {
    StatusOr<JsonValue> json = ParseJson(text);
    if (!json.ok()) return Annotate(json.status(), "body");
    if (json->kind != JsonValue::Kind::kObject) {
      return InvalidArgument("body: want an object with by and note");
    }
    body.json = *std::move(json);
  }
  for (const JsonValue::Member& member : body.json.members) {
    TRY(ReadMember(member, own, &body.action));
  }
  TRY(CheckLength("by", body.action.who, kMaxName));
  TRY(CheckLength("channel", body.action.channel, kMaxName));
  TRY(CheckLength("note", body.action.note, kMaxNote));
  if (!request.caller.name.empty()) body.action.who = request.caller.name;
  return body;
}

StatusOr<std::string> TextOf(const IncidentBody& body, std::string_view key, bool required) {
  const JsonValue* value = body.json.Find(key);
  if (value == nullptr) {
    if (!required) return std::string();
    return InvalidArgument(fmt::format("body: {} is missing", key));
  }
  if (value->kind != JsonValue::Kind::kString) {
    return InvalidArgument(fmt::format("body: {} must be a text", key));
  }
  TRY(CheckLength(key, value->string, kMaxNote));
  return value->string;
}

}  // namespace outrider
