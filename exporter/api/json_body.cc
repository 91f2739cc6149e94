// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/json_body.h"

#include <fmt/format.h>

#include <utility>

#include "storage/base/text.h"

namespace outrider {
namespace {

using Kind = JsonValue::Kind;
constexpr size_t kMaxBody = 1 << 20;

}  // namespace

JsonBody JsonBody::Read(HttpRequest& request) {
  JsonBody body;
  body.root_.kind = Kind::kObject;
  const StatusOr<std::string> text = request.ReadBody(kMaxBody);
  if (!text.ok()) {
    body.Fail("body", "", Message(text.status()));
    return body;
  }
  if (Trim(*text).empty()) return body;
  StatusOr<JsonValue> parsed = ParseJson(*text);
  if (!parsed.ok()) {
    body.Fail("json_invalid", "", Message(parsed.status()));
  } else if (parsed->kind != Kind::kObject) {
    body.Fail("model_type", "", "the body must be a JSON object");
  } else {
    body.root_ = *std::move(parsed);
  }
  return body;
}

void JsonBody::Fail(std::string type, std::string_view key, std::string message) {
  std::vector<std::string> location;
  if (!key.empty()) location.emplace_back(key);
  errors_.push_back({std::move(type), std::move(location), std::move(message)});
}

std::string JsonBody::Required(std::string_view key, size_t most) {
  const JsonValue* value = root_.Find(key);
  if (value == nullptr) {
    Fail("missing", key, "the field is required");
  } else if (value->kind != Kind::kString) {
    Fail("string_type", key, "the field must be a text");
  } else if (value->string.empty()) {
    Fail("string_too_short", key, "the field must not be empty");
  } else if (RuneCount(value->string) > most) {
    Fail("string_too_long", key, fmt::format("at most {} characters", most));
  } else {
    return value->string;
  }
  return "";
}

std::optional<std::string> JsonBody::Optional(std::string_view key) {
  const JsonValue* value = root_.Find(key);
  if (value == nullptr || value->IsNull()) return std::nullopt;
  if (value->kind == Kind::kString) return value->string;
  Fail("string_type", key, "the field must be a text");
  return std::nullopt;
}

int64_t JsonBody::Int(std::string_view key, int64_t fallback, int64_t least, int64_t most) {
  const JsonValue* value = root_.Find(key);
  if (value == nullptr) return fallback;
  if (!value->is_integer) {
    Fail("int_type", key, "the field must be a whole number");
  } else if (value->integer < least) {
    Fail("greater_than_equal", key, fmt::format("at least {}", least));
  } else if (value->integer > most) {
    Fail("less_than_equal", key, fmt::format("at most {}", most));
  } else {
    return value->integer;
  }
  return fallback;
}

}  // namespace outrider
