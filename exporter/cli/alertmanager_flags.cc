// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/alertmanager_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>
#include <thread>

#include "exporter/daemon/loader.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

constexpr int kLeastGets = 8;

constexpr std::string_view kNoGossip =
    "Outrider does not gossip: silences and the notification log are not shared with peers";
constexpr std::string_view kWritten =
    "every change is written at once, there is no snapshot or sweep to time";

// Flags that do nothing here, and why.
struct Idle {
  std::string_view name;
  bool is_switch;
  std::string_view why;
};
constexpr Idle kIdle[] = {
    {"data.maintenance-interval", false, kWritten},
    {"alerts.gc-interval", false, kWritten},
    {"dispatch.maintenance-interval", false, kWritten},
    {"log.silences", true, "changes of silences stand in the audit trail"},
    {"web.ui-path", false, "the pages are part of the program (a flag of Debian's package)"},
    {"web.timeout", false, "answers are streamed, and slow readers are closed by the server"},
    {"auto-gomemlimit.ratio", false, "there is no Go runtime to limit"},
    {"cluster.listen-address", false, kNoGossip},
    {"cluster.advertise-address", false, kNoGossip},
    {"cluster.peer", false, kNoGossip},
    {"cluster.peer-name", false, kNoGossip},
    {"cluster.peer-timeout", false, kNoGossip},
    {"cluster.peers-resolve-timeout", false, kNoGossip},
    {"cluster.gossip-interval", false, kNoGossip},
    {"cluster.pushpull-interval", false, kNoGossip},
    {"cluster.tcp-timeout", false, kNoGossip},
    {"cluster.probe-timeout", false, kNoGossip},
    {"cluster.probe-interval", false, kNoGossip},
    {"cluster.settle-timeout", false, "there is nothing to settle: notifications begin at once"},
    {"cluster.reconnect-interval", false, kNoGossip},
    {"cluster.reconnect-timeout", false, kNoGossip},
    {"cluster.tls-config", false, kNoGossip},
    {"cluster.allow-insecure-public-advertise-address-discovery", true, kNoGossip},
    {"cluster.label", false, kNoGossip},
};

void Remember(AlertmanagerRunFlags* flags, std::string_view name) {
  if (std::ranges::count(flags->idle, name) == 0) flags->idle.emplace_back(name);
}

void AddIdle(CLI::App* run, AlertmanagerRunFlags* flags, const Idle& idle) {
  const std::string name(idle.name);
  const std::string help = fmt::format("Of Alertmanager, accepted: {}", idle.why);
  if (idle.is_switch) {
    run->add_flag_function(
           fmt::format("--{},!--no-{}", name, name),
           [flags, name](std::int64_t count) {
             if (count > 0) Remember(flags, name);
           },
           help)
        ->group("Alertmanager's, without effect");
    return;
  }
  run->add_option_function<std::vector<std::string>>(
         "--" + name, [flags, name](const std::vector<std::string>&) { Remember(flags, name); },
         help)
      ->allow_extra_args(false)
      ->group("Alertmanager's, without effect");
}

// Go's grammar, as the flag has it, or Prometheus'.
StatusOr<DurationMs> ReadDuration(std::string_view flag, const std::string& text) {
  StatusOr<DurationMs> read = ParseDuration(text);
  if (const StatusOr<int64_t> nanos = ParseGoDuration(text); nanos.ok()) {
    read = *nanos / kNanosPerMilli;
  }
  if (!read.ok() || *read < 0) {
    return InvalidArgument(fmt::format("--{}: {} is no duration such as 120h", flag, text));
  }
  return *read;
}

StatusOr<std::optional<size_t>> ReadCount(std::string_view flag, std::optional<int64_t> given) {
  if (!given) return std::optional<size_t>();
  if (*given < 0) return InvalidArgument(fmt::format("--{} must not be negative", flag));
  return std::optional<size_t>(static_cast<size_t>(*given));
}

}  // namespace

void AddAlertmanagerFlags(CLI::App* run, AlertmanagerRunFlags* flags) {
  const std::string group = "Alertmanager's";
  run->add_option("--data.retention", flags->data_retention,
                  "How long ended silences and the log of groups that are gone are kept; default "
                  "120h")
      ->group(group);
  run->add_option("--dispatch.start-delay", flags->start_delay,
                  "No group is notified of before that long after the start; default 0s")
      ->group(group);
  run->add_option("--alerts.per-alertname-limit", flags->alerts_per_name,
                  "Firing alerts with one alertname; more that are posted are dropped; 0: no limit")
      ->group(group);
  run->add_option("--silences.max-silences", flags->max_silences,
                  "Silences that are kept, ended ones included; 0: no limit")
      ->group(group);
  run->add_option("--silences.max-silence-size-bytes", flags->max_silence_bytes,
                  "Size of one silence; 0: no limit")
      ->group(group);
  run->add_option("--web.get-concurrency", flags->get_concurrency,
                  "GETs of /api/v2 at a time, more are answered 503; 0: as many as processors, at "
                  "least 8; default: no limit")
      ->group(group);
  run->add_flag("--web.systemd-socket,!--no-web.systemd-socket", flags->systemd_socket,
                "Refused: sockets of systemd are not taken over")
      ->group(group);
  for (const Idle& idle : kIdle) AddIdle(run, flags, idle);
}

std::vector<std::string> AlertmanagerFlagNames() {
  std::vector<std::string> names = {"data.retention",
                                    "dispatch.start-delay",
                                    "alerts.per-alertname-limit",
                                    "silences.max-silences",
                                    "silences.max-silence-size-bytes",
                                    "web.get-concurrency",
                                    "web.systemd-socket"};
  for (const Idle& idle : kIdle) names.emplace_back(idle.name);
  return names;
}

Status ApplyAlertmanagerFlags(const RunOptions& options, AppOptions* app) {
  const AlertmanagerRunFlags& flags = options.alertmanager;
  if (flags.systemd_socket) {
    return InvalidArgument(
        "--web.systemd-socket: sockets of systemd are not taken over; name the address with "
        "--web.listen-address");
  }
  AlertmanagerFlags& out = app->alertmanager;
  if (!flags.data_retention.empty()) {
    out.retention = TRY(ReadDuration("data.retention", flags.data_retention));
    if (*out.retention == 0) return InvalidArgument("--data.retention must be more than 0");
  }
  if (!flags.start_delay.empty()) {
    out.start_delay = TRY(ReadDuration("dispatch.start-delay", flags.start_delay));
  }
  out.alerts_per_name = TRY(ReadCount("alerts.per-alertname-limit", flags.alerts_per_name));
  out.max_silences = TRY(ReadCount("silences.max-silences", flags.max_silences));
  out.max_silence_bytes =
      TRY(ReadCount("silences.max-silence-size-bytes", flags.max_silence_bytes));
  if (flags.get_concurrency) {
    const int cores = static_cast<int>(std::thread::hardware_concurrency());
    app->get_concurrency =
        *flags.get_concurrency > 0 ? *flags.get_concurrency : std::max(cores, kLeastGets);
  }
  return absl::OkStatus();
}

std::string RoutePrefix(const std::string& prefix, const std::string& external_url) {
  std::string path = prefix;
  const size_t host = external_url.find("://");
  if (path.empty() && host != std::string::npos) {
    const size_t slash = external_url.find('/', host + 3);
    if (slash != std::string::npos) path = external_url.substr(slash);
  }
  while (path.ends_with('/')) path.pop_back();
  if (!path.empty() && path.front() != '/') path.insert(path.begin(), '/');
  return path;
}

std::vector<std::string> ExplainAlertmanagerFlags(const RunOptions& options) {
  std::vector<std::string> sentences;
  for (const std::string& name : options.alertmanager.idle) {
    const auto idle = std::ranges::find(kIdle, name, &Idle::name);
    sentences.push_back(fmt::format("--{} has no effect: {}", name, idle->why));
  }
  for (const std::string& name : options.features) {
    if (std::ranges::find(kIdleFeatures, name) == std::end(kIdleFeatures)) continue;
    sentences.push_back(fmt::format("--enable-feature={} has no effect here", name));
  }
  return sentences;
}

}  // namespace outrider
