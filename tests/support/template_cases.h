// SPDX-License-Identifier: Apache-2.0
// The tables of tests/data/templates: a template and what the real engines make of it, a line each.
#pragma once

#include <string>
#include <vector>

#include "rules/template/template.h"

namespace outrider {

struct TemplateCase {
  std::string text;
  std::string want;   // "=> " and the output, or "!! " and the error
  std::string where;  // file:line, for failures
};
// All cases of a file; a bad line is an error.
StatusOr<std::vector<TemplateCase>> ReadTemplateCases(const std::string& path);
// A result in the form of TemplateCase::want.
std::string CaseResult(const StatusOr<std::string>& result);

// The dot of the text and HTML cases: one value of every kind.
tmpl::Value TemplateCaseData();
// The functions of the text and HTML cases, beside the built-ins: toUpper, fail (always an error)
// and any (its argument).
tmpl::FunctionMap TemplateCaseFunctions();

// The data of the Prometheus cases, and its functions with a `query` that knows "up" (three
// samples) and "bad" (an error); anything else is empty.
tmpl::Value PrometheusCaseData();
tmpl::FunctionMap PrometheusCaseFunctions();

}  // namespace outrider
