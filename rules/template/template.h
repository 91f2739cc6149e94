// SPDX-License-Identifier: Apache-2.0
// Go's text/template, for rule annotations and notifications. Source: specs/prometheus.md §4, specs/alertmanager.md §2.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "rules/template/value.h"
#include "storage/base/status.h"

namespace outrider::tmpl {

using Function = std::function<StatusOr<Value>(std::span<const Value> args)>;
using FunctionMap = std::map<std::string, Function, std::less<>>;

// Go's built-ins (and or not eq ne lt le gt ge len index slice print printf println html js urlquery).
const FunctionMap& BuiltinFunctions();
// What Prometheus adds that needs no query: humanize…, toUpper, title, reReplaceAll, match, first, value, args, ….
const FunctionMap& PrometheusFunctions();
// What Alertmanager adds: toUpper toLower title trimSpace join match reReplaceAll stringSlice date tz toJson dict ….
const FunctionMap& AlertmanagerFunctions();

struct TemplateOptions {
  FunctionMap functions;      // beside the built-ins
  bool missing_key_zero = true;  // a missing map key prints "" (missingkey=zero on map[string]string)
  bool escape_html = false;   // html/template's escaping of text content
};

// A set of named templates. Parse, then execute any number of times; Execute is const and thread-safe.
class TemplateSet {
 public:
  explicit TemplateSet(TemplateOptions options);
  ~TemplateSet();
  TemplateSet(TemplateSet&&) noexcept;
  TemplateSet& operator=(TemplateSet&&) noexcept;

  // Parses `text` as the template `name`; {{define}}s in it join the set (a later one replaces an earlier one).
  // The error has Go's form: `template: NAME:LINE: …`.
  Status Parse(const std::string& name, std::string_view text);
  // Executes a named template with `data` as dot; {{ template }} looks up this set. Output is bounded (1 MiB).
  StatusOr<std::string> Execute(std::string_view name, const Value& data) const;
  // Parses `text` on top of this set (without changing it) and executes it.
  StatusOr<std::string> ExecuteText(std::string_view text, const Value& data) const;
  // Parses only; for checks at load.
  Status Check(std::string_view text) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace outrider::tmpl
