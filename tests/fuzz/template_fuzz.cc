// SPDX-License-Identifier: Apache-2.0
// Any text is parsed and executed on data of every kind, plain and as HTML, with the functions of
// rules and of notifications: no crash, within the limits, the same result twice, and errors in
// Go's form.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "rules/template/template.h"
#include "tests/support/template_cases.h"

using outrider::Message;
using outrider::StatusOr;
using outrider::tmpl::FunctionMap;
using outrider::tmpl::TemplateSet;
using outrider::tmpl::Value;

namespace {

constexpr size_t kLargestOutput = 1U << 20;

// Prometheus' functions win over Alertmanager's of the same name in the first set, and the other
// way round in the second.
TemplateSet MakeSet(bool prometheus_first) {
  FunctionMap functions = outrider::TemplateCaseFunctions();
  const FunctionMap prometheus = outrider::PrometheusCaseFunctions();
  const FunctionMap& alertmanager = outrider::tmpl::AlertmanagerFunctions();
  const FunctionMap& first = prometheus_first ? prometheus : alertmanager;
  const FunctionMap& second = prometheus_first ? alertmanager : prometheus;
  functions.insert(first.begin(), first.end());
  functions.insert(second.begin(), second.end());
  return TemplateSet({.functions = std::move(functions), .missing_key_zero = prometheus_first});
}

void CheckResult(const StatusOr<std::string>& result) {
  if (result.ok() ? result->size() > kLargestOutput : Message(result.status()).empty()) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Value dot = outrider::TemplateCaseData();
  static const TemplateSet rules = MakeSet(true);
  static const TemplateSet notifications = MakeSet(false);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const StatusOr<std::string> plain = rules.ExecuteText(text, dot);
  CheckResult(plain);
  if (outrider::CaseResult(rules.ExecuteText(text, dot)) != outrider::CaseResult(plain)) {
    std::abort();
  }
  CheckResult(notifications.ExecuteText(text, dot));
  CheckResult(notifications.ExecuteHtml(text, dot));
  if (!rules.Check(text).ok() && plain.ok()) std::abort();
  return 0;
}
