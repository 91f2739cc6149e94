// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/log_channel.h"

#include "notifiers/channel/notification_data.h"
#include "storage/base/log.h"

namespace outrider {
namespace {

class LogChannel final : public Channel {
 public:
  explicit LogChannel(const tmpl::TemplateSet& templates) : templates_(templates) {}

  SendResult Send(const Notification& notification) override {
    const StatusOr<std::string> subject =
        templates_.Execute("__subject", NotificationData(notification));
    const std::string status = NotificationStatus(notification, notification.alerts);
    std::string summary;
    const Annotations common = CommonAnnotations(notification.alerts);
    for (const char* name : {"summary", "description", "message"}) {
      const auto found = common.find(name);
      if (summary.empty() && found != common.end()) summary = found->second;
    }
    // A broken user template must not silence the last resort.
    Log(status == "firing" ? LogLevel::kWarn : LogLevel::kInfo, "notification",
        {{"receiver", notification.receiver},
         {"status", status},
         {"subject", subject.ok() ? *subject : notification.group_key},
         {"summary", summary},
         {"alerts", std::to_string(notification.alerts.size())},
         {"reason", notification.reason},
         {"incident", notification.incident_id},
         {"note", notification.note}});
    return SendResult::Delivered();
  }
  bool Idempotent() const override { return false; }

 private:
  const tmpl::TemplateSet& templates_;
};

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeLogChannel(const YamlNode& /*section*/,
                                                  const AlertmanagerConfig& /*config*/,
                                                  const ChannelTools* tools) {
  std::unique_ptr<Channel> channel;
  if (tools != nullptr) channel = std::make_unique<LogChannel>(tools->templates);
  return channel;
}

}  // namespace outrider
