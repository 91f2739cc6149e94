// SPDX-License-Identifier: Apache-2.0
// outrider.yml and every file it names, read and checked before anything is started or replaced.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/daemon/config.h"
#include "notifiers/around/around_config.h"
#include "notifiers/channel/templates.h"
#include "notifiers/config/alertmanager_config.h"
#include "notifiers/config/incidents_config.h"
#include "notifiers/desk/answer_config.h"
#include "notifiers/desk/directory.h"
#include "notifiers/oncall/schedule.h"
#include "rules/analytics/entry.h"
#include "rules/pricing/user_prices.h"
#include "rules/rulefile/rule_file.h"
#include "rules/slo/slo_spec.h"
#include "storage/base/status.h"

namespace outrider {

// Rule files as the last load read them: those whose text is the same need not be parsed again.
// Most of a load is parsing.
struct KnownRules {
  promql::ParseOptions parser;
  bool strict = false;
  std::map<std::string, std::string> texts;  // hashes by path; only of files without problems
  // What runs, by path, in the order of the file.
  std::map<std::string, std::vector<std::shared_ptr<const RuleGroup>>> groups;
};

struct LoadedFiles {
  Config config;
  std::vector<RuleFile> rules;  // rule files and bundles; alerts of a bundle carry outrider_bundle
  std::vector<std::string> missing_rule_files;  // named outright in rule_files
  KnownRules known;                             // of these, without groups
  AlertmanagerConfig alertmanager;              // with the bundles' routes
  bool default_receiver = false;                // no alertmanager.yml: everything goes to `log`
  YamlNode incidents_root;  // incidents.yml as it was read, without the directory
  IncidentsConfig incidents;
  std::vector<ReceiverConfig> user_receivers;    // of the users of incidents.yml
  std::vector<TemplateText> templates;           // the files of the Alertmanager configuration
  std::map<std::string, std::string> calendars;  // texts by the name in incidents.yml
  std::vector<Schedule> schedules;
  AnsweringConfig answering;   // without phones
  AroundConfig around;         // of incidents.yml
  std::vector<Entry> entries;  // analytics, built-in ones included
  std::vector<SloSpec> slos;   // of the analytics files; their alerts are among `rules`
  std::vector<std::string> slo_warnings;
  std::vector<UserPrices> prices;  // of the price files, in the order in which they count
};

// Features of Alertmanager that are accepted and do nothing: they change names in its own metrics
// and its memory limit; its event recorder is not here.
inline constexpr std::string_view kIdleFeatures[] = {
    "alert-names-in-metrics", "receiver-name-in-metrics", "group-key-in-metrics", "auto-gomemlimit",
    "event-recorder"};

// Switches on what --enable-feature names; InvalidArgument for what nobody knows.
Status EnableFeatures(std::span<const std::string> names, Config* config);

// All or nothing: any error of YAML or schema, in any file, is the result. `config_file` "" means
// the defaults. A glob without a match is no error, a file named outright that is missing is; but a
// missing rule file that was not there at the last load either is left out, as in Prometheus.
// `features` are switched on beside query.features; kAutoReloadFeature is one of them.
StatusOr<LoadedFiles> LoadFiles(const std::string& config_file,
                                std::span<const std::string> features = {},
                                const KnownRules& known = {});

// What deserves a warning although it loads: names in annotations that do not exist, matchers whose
// meaning changes, analytics entries and rules that are disabled. One sentence each, with its place
// where there is one.
std::vector<std::string> LoadWarnings(const LoadedFiles& files);

// Reads incidents.yml again, from its tree, with what people configured by API in it. No file is
// opened, calendars and templates neither: what changed on disk counts from the next load on.
// Errors and warnings name the object. On an error `files` may be half done.
Status ApplyDirectory(const DirectoryObjects& objects, LoadedFiles* files);
// The part of the files that ApplyDirectory and MakeDeskConfig need.
LoadedFiles PeoplePart(const LoadedFiles& files);

// Checks that every escalation tier names a receiver, user or schedule that exists.
Status CheckTierNames(const LoadedFiles& files);

}  // namespace outrider
