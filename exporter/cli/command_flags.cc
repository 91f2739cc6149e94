// SPDX-License-Identifier: Apache-2.0
// Flags that many commands share.
#include <CLI/CLI.hpp>

#include "exporter/cli/parsed.h"

namespace outrider {

void AddFeatures(CLI::App* command, std::vector<std::string>* features) {
  command
      ->add_option("--enable-feature", *features,
                   "Language switches as in Prometheus, by comma; repeatable: "
                   "promql-experimental-functions, promql-extended-range-selectors, "
                   "promql-binop-fill-modifiers, promql-delayed-name-removal, "
                   "use-start-timestamps; of Alertmanager classic-mode and utf8-strict-mode; and "
                   "auto-reload-config, to reload files that change")
      ->delimiter(',')
      ->allow_extra_args(false);
}

void AddClientFlags(CLI::App* command, Parsed* p) {
  command->add_option("--url", p->client.url, "The daemon's URL (environment: OUTRIDER_URL)")
      ->capture_default_str();
  command->add_option("--output", p->client.output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
}

}  // namespace outrider
