// SPDX-License-Identifier: Apache-2.0
#include "notifiers/hooks/hook_template.h"

#include <fmt/format.h>

#include <optional>

#include "rules/template/time_format.h"
#include "storage/base/duration.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

struct Variable {
  std::string text;                   // within a JSON text
  std::optional<std::string> number;  // outside of one, in place of the quoted text
  bool absent = false;                // outside of one: null
};

Variable NumberOf(const std::optional<double>& value, bool two_decimals) {
  if (!value) return {"N/A", std::nullopt, true};
  const std::string text = two_decimals ? fmt::format("{:.2f}", *value) : FormatFloatG(*value);
  return {text, text, false};
}

std::optional<Variable> VariableOf(std::string_view name, const HookMessage& m) {
  const auto text = [](std::string value) { return Variable{std::move(value), {}, false}; };
  const tmpl::Time detected{m.detected_at, 0, ""};
  const HookColor color = ColorOf(m.severity);
  if (name == "alert_id") return text(m.alert_id);
  if (name == "anomaly_type") return text(m.anomaly_type);
  if (name == "severity") return text(UpperSeverity(m.severity));
  if (name == "workload_name") return text(m.workload_name);
  if (name == "namespace") return text(m.namespace_name);
  if (name == "container_name") return text(m.container_name.empty() ? "N/A" : m.container_name);
  if (name == "resource_type") return text(m.resource_type);
  if (name == "description") return text(m.description);
  if (name == "current_value") return NumberOf(m.current_value, false);
  if (name == "threshold") return NumberOf(m.threshold, false);
  if (name == "score") return NumberOf(m.score, true);
  if (name == "recommendation") return Variable{m.recommendation, {}, m.recommendation.empty()};
  if (name == "detected_at") return text(tmpl::FormatTime(detected, "2006-01-02 15:04:05 UTC"));
  if (name == "detected_at_iso") return text(FormatRfc3339(m.detected_at));
  if (name == "theme_color") return text(color.hex);
  if (name == "color_code") {
    return Variable{std::to_string(color.number), std::to_string(color.number), false};
  }
  return std::nullopt;
}

std::string Quoted(const std::string& text) {
  std::string out;
  JsonWriter(&out).String(text);
  return out;
}

std::string ValueOf(const Variable& variable, bool in_text) {
  if (in_text) {
    const std::string quoted = Quoted(variable.text);
    return quoted.substr(1, quoted.size() - 2);
  }
  if (variable.absent) return "null";
  return variable.number ? *variable.number : Quoted(variable.text);
}

}  // namespace

std::string RenderHookTemplate(std::string_view text, const HookMessage& message) {
  std::string out;
  bool in_text = false;  // between the quotes of a JSON text
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (in_text && c == '\\' && at + 1 < text.size()) {
      out.append(text, at, 2);
      at += 2;
      continue;
    }
    if (c == '"') in_text = !in_text;
    const size_t end = text.substr(at).starts_with("${") ? text.find('}', at) : std::string::npos;
    if (end != std::string::npos) {
      const auto variable = VariableOf(text.substr(at + 2, end - at - 2), message);
      if (variable) {
        out += ValueOf(*variable, in_text);
        at = end + 1;
        continue;
      }
    }
    out += c;
    ++at;
  }
  return out;
}

}  // namespace outrider
