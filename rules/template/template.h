// SPDX-License-Identifier: Apache-2.0
// Go's text/template, for rule annotations and notifications.
// Source: specs/prometheus.md §4, specs/alertmanager.md §2.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "rules/template/value.h"
#include "storage/base/status.h"

namespace outrider::tmpl {

using FunctionMap = std::map<std::string, Function, std::less<>>;

// Go's built-ins (and or not eq ne lt le gt ge len index slice print printf println html js
// urlquery; call is refused). Always there; a function of the same name in TemplateOptions hides
// one.
const FunctionMap& BuiltinFunctions();
// What Prometheus adds that needs no context: humanize…, toUpper, title, reReplaceAll, match,
// first, value, args, …. The rules room adds what needs one: `query` (a list of structs {Labels
// map, Value float}), `now` (seconds as a float), `externalURL` and `pathPrefix` (texts).
const FunctionMap& PrometheusFunctions();
// What Alertmanager adds: toUpper toLower title trimSpace join match reReplaceAll stringSlice date
// tz toJson dict …. `now` and `since` read a clock, so the notifiers add them.
const FunctionMap& AlertmanagerFunctions();

struct TemplateLimits {
  size_t output = 1U << 20;  // bytes
  size_t steps = 1'000'000;  // nodes evaluated
};

struct TemplateOptions {
  FunctionMap functions;  // beside the built-ins
  bool missing_key_zero =
      true;                  // a missing map key prints "" (missingkey=zero on map[string]string)
  bool escape_html = false;  // html/template's contextual escaping (html_context.h says how far)
  // Functions that look at what is executed, whatever dot is where they are called: made anew for
  // each execution from its data. A name among them must be in `functions` too (for the parser),
  // which it hides. May be empty.
  std::function<FunctionMap(const Value& data)> bind = nullptr;
  TemplateLimits limits = {};
};

// A set of named templates. Parse, then execute any number of times; Execute is const and
// thread-safe. Hostile templates end with an error: output, results and steps are bounded (exec.h),
// so is nesting (parser.h).
class TemplateSet {
 public:
  explicit TemplateSet(TemplateOptions options);
  ~TemplateSet();
  TemplateSet(TemplateSet&&) noexcept;
  TemplateSet& operator=(TemplateSet&&) noexcept;

  // Parses `text` as the template `name`; {{define}}s in it join the set (a later one replaces an
  // earlier one). The error has Go's form: `template: NAME:LINE: …`, and the set is as before.
  Status Parse(const std::string& name, std::string_view text);
  // Executes a named template with `data` as dot; {{ template }} looks up this set.
  StatusOr<std::string> Execute(std::string_view name, const Value& data) const;
  // Parses `text` on top of this set (without changing it) and executes it.
  StatusOr<std::string> ExecuteText(std::string_view text, const Value& data) const;
  // The same with html/template's escaping, whatever the options say.
  StatusOr<std::string> ExecuteHtml(std::string_view text, const Value& data) const;
  // Parses only; for checks at load.
  Status Check(std::string_view text) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace outrider::tmpl
