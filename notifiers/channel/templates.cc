// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/templates.h"

#include "notifiers/channel/channel_templates.h"
#include "notifiers/channel/table.h"
#include "storage/base/file.h"

namespace outrider {
namespace {

using tmpl::Value;
using Args = std::span<const Value>;

StatusOr<Nanos> NowOf(const Clock* clock) {
  if (clock == nullptr) return absl::FailedPreconditionError("there is no clock here");
  return clock->NowNanos();
}

tmpl::FunctionMap Functions(const Clock* clock) {
  tmpl::FunctionMap functions = tmpl::AlertmanagerFunctions();
  functions["now"] = {
      [clock](Args) -> StatusOr<Value> { return Value(tmpl::Time{TRY(NowOf(clock)), 0, ""}); }, ""};
  functions["since"] = {[clock](Args args) -> StatusOr<Value> {
                          const tmpl::Time time = std::get<tmpl::Time>(args[0].data());
                          return Value(tmpl::Duration{TRY(NowOf(clock)) - time.nanos});
                        },
                        "t"};
  // Routes have no labels of their own here, so none is found, whatever its name.
  functions["routeLabels"] = {[](Args) -> StatusOr<Value> { return Value(""); }, "s"};
  return functions;
}

// Go names a template file by its last component.
std::string BaseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

StatusOr<tmpl::TemplateSet> LoadNotificationTemplates(std::span<const std::string> globs,
                                                      const std::string& base_dir,
                                                      const Clock* clock) {
  tmpl::TemplateSet set({.functions = Functions(clock)});
  TRY(set.Parse("default.tmpl", kDefaultTemplates));
  TRY(set.Parse("shared.tmpl", kSharedTemplates));
  for (const ChannelKind& row : ChannelTable()) {
    if (row.templates != nullptr) TRY(set.Parse(std::string(row.kind) + ".tmpl", *row.templates));
  }
  for (const std::string& pattern : globs) {
    for (const std::string& path : Glob(base_dir, pattern)) {
      const std::string text = TRY(ReadFile(path));
      const Status parsed = set.Parse(BaseName(path), text);
      if (!parsed.ok()) return Annotate(parsed, path);
    }
  }
  return set;
}

}  // namespace outrider
