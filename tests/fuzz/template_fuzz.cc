// SPDX-License-Identifier: Apache-2.0
// Any text is parsed and executed, plain and as HTML, without a crash and within the limits.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rules/template/template.h"

using outrider::tmpl::List;
using outrider::tmpl::Object;
using outrider::tmpl::TemplateOptions;
using outrider::tmpl::TemplateSet;
using outrider::tmpl::Value;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  TemplateOptions options;
  options.functions = outrider::tmpl::PrometheusFunctions();
  options.functions.insert(outrider::tmpl::AlertmanagerFunctions().begin(),
                           outrider::tmpl::AlertmanagerFunctions().end());
  Object labels;
  labels.kind = Object::Kind::kMap;
  labels.fields = {{"a", "b"}, {"c", "d"}};
  Object dot;
  dot.fields = {{"Labels", Value(std::move(labels))},
                {"Value", 1.5},
                {"T", outrider::tmpl::Time{1'700'000'000'000'000'000, 3600, ""}},
                {"List", Value(List{1, "x", 2.5})}};
  const Value value(std::move(dot));
  const TemplateSet set(std::move(options));
  (void)set.ExecuteText(text, value).ok();
  (void)set.ExecuteHtml(text, value).ok();
  return 0;
}
