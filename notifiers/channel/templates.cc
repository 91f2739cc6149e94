// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/templates.h"

#include "notifiers/channel/channel_templates.h"
#include "notifiers/channel/route_labels.h"
#include "notifiers/channel/table.h"
#include "rules/template/to_json.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using tmpl::Value;
using Args = std::span<const Value>;

// Alertmanager has no limits. A storm of 30,000 alerts is a mail of some 50 MB.
constexpr tmpl::TemplateLimits kLimits{.output = 64U << 20, .steps = 50'000'000};

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
  // What is executed without a notification has no labels of a route; see BindToNotification.
  tmpl::Function& json = functions["toJson"];
  json.call = [](Args args) -> StatusOr<Value> {
    return Value(tmpl::ToJsonText(args[0], kLimits.output));
  };
  json.max_result = kLimits.output;
  functions["routeLabels"] = {[](Args) -> StatusOr<Value> { return Value(""); }, "s"};
  return functions;
}

// `routeLabels "name"` gives the label of the notification's route, whatever dot is; "" for one
// that it has not.
tmpl::FunctionMap BindToNotification(const Value& data) {
  const tmpl::Object* notification = data.AsObject();
  const Value* labels = notification == nullptr ? nullptr : notification->Find("RouteLabels");
  if (labels == nullptr || labels->AsObject() == nullptr) return {};
  tmpl::FunctionMap functions;
  // While they are rendered themselves, they render each other.
  if (const tmpl::Method* render = labels->AsObject()->FindMethod(kRenderRouteLabel)) {
    functions["routeLabels"] = *render;
    return functions;
  }
  functions["routeLabels"] = {[map = *labels](Args args) -> StatusOr<Value> {
                                const Value* label =
                                    map.AsObject()->Find(std::get<std::string>(args[0].data()));
                                return label == nullptr ? Value("") : *label;
                              },
                              "s"};
  return functions;
}

// Go names a template file by its last component.
std::string BaseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

namespace {

// Every scalar of a section that holds an action.
void CheckTexts(const YamlNode& node, const std::string& file, const tmpl::TemplateSet& templates,
                std::vector<std::string>* warnings) {
  if (node.IsScalar() && Contains(node.scalar, "{{")) {
    const Status valid = templates.Check(node.scalar);
    if (!valid.ok()) {
      warnings->push_back(Message(
          YamlError(file, node, Message(valid) + "; notifications that need this text will fail")));
    }
  }
  for (const YamlNode& item : node.items) CheckTexts(item, file, templates, warnings);
  for (const auto& [key, value] : node.entries) {
    CheckTexts(key, file, templates, warnings);
    CheckTexts(value, file, templates, warnings);
  }
}

}  // namespace

std::vector<std::string> TemplateWarnings(const AlertmanagerConfig& config,
                                          const tmpl::TemplateSet& templates) {
  std::vector<std::string> warnings;
  for (const ReceiverConfig& receiver : config.receivers) {
    for (const IntegrationConfig& section : receiver.integrations) {
      CheckTexts(section.section, config.file, templates, &warnings);
    }
  }
  return warnings;
}

StatusOr<std::vector<TemplateText>> ReadTemplateFiles(std::span<const std::string> globs,
                                                      const std::string& base_dir) {
  std::vector<TemplateText> files;
  for (const std::string& pattern : globs) {
    for (const std::string& path : Glob(base_dir, pattern)) {
      files.push_back({path, TRY(ReadFile(path))});
    }
  }
  return files;
}

StatusOr<tmpl::TemplateSet> LoadNotificationTemplates(std::span<const std::string> globs,
                                                      const std::string& base_dir,
                                                      const Clock* clock) {
  return MakeNotificationTemplates(TRY(ReadTemplateFiles(globs, base_dir)), clock);
}

StatusOr<tmpl::TemplateSet> MakeNotificationTemplates(std::span<const TemplateText> files,
                                                      const Clock* clock) {
  tmpl::TemplateSet set(
      {.functions = Functions(clock), .bind = BindToNotification, .limits = kLimits});
  TRY(set.Parse("default.tmpl", kDefaultTemplates));
  TRY(set.Parse("shared.tmpl", kSharedTemplates));
  for (const ChannelKind& row : ChannelTable()) {
    if (row.templates != nullptr) TRY(set.Parse(std::string(row.kind) + ".tmpl", *row.templates));
  }
  for (const TemplateText& file : files) {
    const Status parsed = set.Parse(BaseName(file.path), file.text);
    if (!parsed.ok()) return Annotate(parsed, file.path);
  }
  return set;
}

}  // namespace outrider
