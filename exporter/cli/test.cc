// SPDX-License-Identifier: Apache-2.0
// outrider test …: expressions and routes without a daemon.
#include <fmt/format.h>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "notifiers/config/alertmanager_config.h"
#include "notifiers/route/route_tree.h"
#include "rules/trial/promql_test.h"
#include "storage/base/file.h"

namespace outrider {

int RunTestPromql(const std::vector<std::string>& files, const Environment& env) {
  int passed = 0;
  int failed = 0;
  for (const std::string& path : files) {
    const auto result = RunPromqlTestFile(path, env.clock);
    if (!result.ok()) return Fail(result.status());
    for (const std::string& message : result->messages) fmt::print(stderr, "{}\n", message);
    passed += result->passed;
    failed += result->failed;
  }
  fmt::print("{} passed, {} failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

int RunTestRoute(const std::string& config_file, const std::vector<std::string>& labels) {
  const auto text = ReadFile(config_file);
  if (!text.ok()) return Fail(text.status());
  const auto config = ParseAlertmanagerConfig(*text, config_file);
  if (!config.ok()) return Fail(config.status());
  LabelsBuilder builder;
  for (const std::string& label : labels) {
    const size_t at = label.find('=');
    if (at == 0 || at == std::string::npos) {
      return Fail(InvalidArgument(fmt::format("{} is not label=value", label)));
    }
    builder.Set(label.substr(0, at), label.substr(at + 1));
  }
  std::string receivers;
  for (const RouteConfig* route : MatchRoutes(config->route, builder.Build())) {
    receivers += (receivers.empty() ? "" : ",") + route->receiver;
  }
  fmt::print("{}\n", receivers);
  return 0;
}

}  // namespace outrider
