// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/notification_setup.h"

#include "notifiers/channel/templates.h"
#include "notifiers/transport/guarded_clients.h"
#include "storage/base/log.h"

namespace outrider {
namespace {

// The channels refer to the rest, so all live and die together.
struct Built {
  Built(tmpl::TemplateSet set, const Transports& transports,
        const std::vector<std::string>& networks)
      : templates(std::move(set)),
        guarded_http(GuardHttp(transports.http, networks)),
        guarded_smtp(GuardSmtp(transports.smtp, networks)) {}
  const tmpl::TemplateSet templates;
  // What came by the API reaches no private network.
  const std::unique_ptr<HttpClient> guarded_http;
  const std::unique_ptr<SmtpClient> guarded_smtp;
  std::shared_ptr<const Receivers> receivers;
};

// The command line stands above the file.
DeskLimits LimitsOf(DeskLimits limits, const AlertmanagerFlags& flags) {
  limits.retention = flags.retention.value_or(limits.retention);
  limits.start_delay = flags.start_delay.value_or(limits.start_delay);
  limits.alerts_per_name = flags.alerts_per_name.value_or(limits.alerts_per_name);
  limits.silences.count = flags.max_silences.value_or(limits.silences.count);
  limits.silences.bytes = flags.max_silence_bytes.value_or(limits.silences.bytes);
  return limits;
}

}  // namespace

StatusOr<DeskConfig> MakeDeskConfig(const LoadedFiles& files, const Transports& transports,
                                    const AlertmanagerFlags& flags,
                                    const std::string& external_url) {
  auto built =
      std::make_shared<Built>(TRY(MakeNotificationTemplates(files.templates, &transports.clock)),
                              transports, files.config.webhook_networks);
  for (const std::string& warning : TemplateWarnings(files.alertmanager, built->templates)) {
    LogWarn(warning);
  }
  const ChannelTools tools{transports.http,  transports.smtp,           built->templates,
                           transports.clock, built->guarded_http.get(), built->guarded_smtp.get()};
  AlertmanagerConfig with_users = files.alertmanager;
  with_users.receivers.insert(with_users.receivers.end(), files.user_receivers.begin(),
                              files.user_receivers.end());
  built->receivers = TRY(Receivers::Build(with_users, tools));
  DeskConfig config;
  config.alertmanager = files.alertmanager;
  config.incidents = files.incidents;
  config.receivers = std::shared_ptr<const Receivers>(built, built->receivers.get());
  config.schedules = files.schedules;
  config.answering = files.answering;
  config.answering.phones = PhonesOf(with_users);
  config.around = files.around;
  config.external_url = external_url;
  config.fixes = files.config.alerting.fixes;
  config.limits = LimitsOf(files.config.alerting.limits, flags);
  config.templates = std::shared_ptr<const tmpl::TemplateSet>(built, &built->templates);
  config.delivery = files.config.delivery;
  config.history_retention = files.config.history_retention;
  TRY(CheckFallbacks(config.delivery, [&](std::string_view name) {
    return config.receivers->Find(name) != nullptr;
  }));
  return config;
}

}  // namespace outrider
