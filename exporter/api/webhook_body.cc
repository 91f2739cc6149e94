// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/webhook_body.h"

#include "storage/base/json.h"

namespace outrider {
namespace {

using Kind = JsonValue::Kind;

class Reader {
 public:
  Reader(const JsonValue& root, Hook* hook) : root_(root), hook_(*hook) {}

  std::vector<FieldError> Read() {
    Text("name", &hook_.name, false);
    Text("url", &hook_.url, false);
    Text("secret", &hook_.secret, true);
    Text("template", &hook_.body_template, true);
    ReadType();
    ReadEnabled();
    ReadMinimum();
    ReadHeaders();
    for (const auto& [field, what] : CheckHook(hook_)) {
      if (!Complained(field)) Fail("value_error", field, what);
    }
    return std::move(errors_);
  }

 private:
  void Fail(std::string type, std::string field, std::string message) {
    errors_.push_back({std::move(type), {std::move(field)}, std::move(message)});
  }
  bool Complained(const std::string& field) const {
    for (const FieldError& error : errors_) {
      if (error.location.front() == field) return true;
    }
    return false;
  }

  void Text(const char* field, std::string* out, bool optional) {
    const JsonValue* value = root_.Find(field);
    if (value == nullptr) return;
    if (value->kind == Kind::kString) {
      *out = value->string;
    } else if (value->IsNull() && optional) {
      out->clear();
    } else {
      Fail("string_type", field, "the field must be a text");
    }
  }
  void ReadType() {
    const JsonValue* value = root_.Find("webhook_type");
    if (value == nullptr) return;
    if (const auto type = ParseHookType(value->string)) {
      hook_.type = *type;
    } else {
      Fail("enum", "webhook_type", "must be slack, generic, teams, teams_workflows or discord");
    }
  }
  void ReadEnabled() {
    const JsonValue* value = root_.Find("enabled");
    if (value == nullptr) return;
    if (value->kind != Kind::kBool) Fail("bool_type", "enabled", "the field must be true or false");
    hook_.enabled = value->boolean;
  }
  void ReadMinimum() {
    const JsonValue* value = root_.Find("severity_filter");
    if (value == nullptr) return;
    hook_.minimum = value->kind == Kind::kString ? ParseSeverity(value->string) : std::nullopt;
    if (!hook_.minimum && !value->IsNull()) {
      Fail("enum", "severity_filter", "must be critical, high, medium, low, info or null");
    }
  }
  void ReadHeaders() {
    const JsonValue* value = root_.Find("custom_headers");
    if (value == nullptr) return;
    hook_.headers.clear();
    if (value->IsNull()) return;
    if (value->kind != Kind::kObject) {
      Fail("dict_type", "custom_headers", "the field must be an object of texts");
      return;
    }
    for (const auto& [name, text] : value->members) {
      if (text.kind != Kind::kString) {
        Fail("string_type", "custom_headers", "the field must be an object of texts");
        return;
      }
      hook_.headers[name] = text.string;
    }
  }

  const JsonValue& root_;
  Hook& hook_;
  std::vector<FieldError> errors_;
};

}  // namespace

std::vector<FieldError> ReadWebhook(std::string_view text, Hook* hook) {
  const StatusOr<JsonValue> root = ParseJson(text);
  if (!root.ok()) return {{"json_invalid", {}, Message(root.status())}};
  if (root->kind != Kind::kObject) return {{"model_type", {}, "the body must be a JSON object"}};
  return Reader(*root, hook).Read();
}

}  // namespace outrider
