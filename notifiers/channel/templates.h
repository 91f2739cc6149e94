// SPDX-License-Identifier: Apache-2.0
// The templates notifications are written with: built-in ones under Alertmanager's names, then the
// files of the configuration, which may replace them. Source: specs/alertmanager.md §2 "Default
// templates".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/config/alertmanager_config.h"
#include "rules/template/template.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

// The built-in definitions (default_templates.cc).
extern const std::string_view kDefaultTemplates;

struct TemplateText {
  std::string path;
  std::string text;
};
// `globs` as in `templates:` of alertmanager.yml, relative to `base_dir`; one that matches nothing
// is fine, as in Alertmanager. The error names the file.
StatusOr<std::vector<TemplateText>> ReadTemplateFiles(std::span<const std::string> globs,
                                                      const std::string& base_dir);
// The error names the file. With a clock (which must outlive the set) templates have `now` and
// `since`; without one these fail when called. Opens nothing.
StatusOr<tmpl::TemplateSet> MakeNotificationTemplates(std::span<const TemplateText> files,
                                                      const Clock* clock = nullptr);
// Both.
StatusOr<tmpl::TemplateSet> LoadNotificationTemplates(std::span<const std::string> globs,
                                                      const std::string& base_dir,
                                                      const Clock* clock = nullptr);

// Texts of receivers that do not parse, with their places: as in Alertmanager the receiver is built
// nevertheless, and the notifications that need the text fail.
std::vector<std::string> TemplateWarnings(const AlertmanagerConfig& config,
                                          const tmpl::TemplateSet& templates);

}  // namespace outrider
