// SPDX-License-Identifier: Apache-2.0
// The template dialect of rule labels and annotations. Source: specs/prometheus.md §4.
#pragma once

#include <string>
#include <string_view>

#include "rules/template/template.h"
#include "storage/base/status.h"

namespace outrider {

// Put before every text, so that $labels, $externalLabels, $externalURL and $value exist.
inline constexpr std::string_view kRuleTemplatePrefix =
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}"
    "{{$externalURL := .ExternalURL}}{{$value := .Value}}";

// False: the text stands for itself.
inline bool HasActions(std::string_view text) { return text.find("{{") != std::string_view::npos; }

// The name Prometheus gives a template of this alert; it stands in error texts.
std::string RuleTemplateName(const std::string& alert);

// The functions that need to know where and when they run.
struct RuleTemplateHost {
  tmpl::Function query;  // (expression) -> list of samples {Labels, Value}
  tmpl::Function now;    // () -> unix seconds of the evaluation
  std::string external_url;
};
tmpl::TemplateOptions RuleTemplateOptions(const RuleTemplateHost& host);

// Parses only. The error has Go's form: `template: __alert_NAME:1: …`.
Status CheckRuleTemplate(const std::string& alert, std::string_view text);

}  // namespace outrider
