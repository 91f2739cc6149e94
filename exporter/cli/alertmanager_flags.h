// SPDX-License-Identifier: Apache-2.0
// The flags of `alertmanager` that `outrider run` takes, so that its command line needs no change:
// some do what they do there, some have nothing to do here and are explained, one is refused.
// Source: specs/alertmanager.md §2 "Flags to accept".
#pragma once

#include <string>
#include <vector>

#include "exporter/cli/commands.h"
#include "exporter/daemon/app.h"
#include "storage/base/status.h"

namespace CLI {
class App;
}

namespace outrider {

// `flags` outlives the command.
void AddAlertmanagerFlags(CLI::App* run, AlertmanagerRunFlags* flags);

// Of every flag of `alertmanager`; the rest is `outrider run`'s own.
std::vector<std::string> AlertmanagerFlagNames();

// What the flags set; the error names the flag.
Status ApplyAlertmanagerFlags(const RunOptions& options, AppOptions* app);

// --web.route-prefix as paths begin with it: "" or "/x". Without it the path of --web.external-url,
// as in Alertmanager and Prometheus.
std::string RoutePrefix(const std::string& prefix, const std::string& external_url);

// One sentence for each that was given and does nothing here.
std::vector<std::string> ExplainAlertmanagerFlags(const RunOptions& options);

}  // namespace outrider
