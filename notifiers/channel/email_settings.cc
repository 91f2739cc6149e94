// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/email_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "notifiers/channel/tls_settings.h"
#include "notifiers/config/http_config.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// x-foo-bar -> X-Foo-Bar.
std::string CanonicalHeader(std::string_view name) {
  std::string out = ToLower(name);
  bool start = true;
  for (char& c : out) {
    if (start && c >= 'a' && c <= 'z') c = static_cast<char>(c & ~0x20);
    start = c == '-';
  }
  return out;
}

void SetHeader(const std::string& name, const std::string& fallback, EmailSettings* settings) {
  const bool given = std::any_of(settings->headers.begin(), settings->headers.end(),
                                 [&](const auto& header) { return header.first == name; });
  if (!given) settings->headers.emplace_back(name, fallback);
}

Status ReadThreading(const YamlNode& section, const std::string& file, EmailSettings* settings) {
  const YamlNode* threading = section.Find("threading");
  if (threading == nullptr || !threading->IsMap()) return absl::OkStatus();
  std::string by_date;
  YamlReader reader(*threading, file, "threading");
  reader.Bool("enabled", &settings->threading);
  reader.String("thread_by_date", &by_date);
  if (settings->threading && by_date != "none" && by_date != "daily") {
    reader.Fail("thread_by_date", "threading.thread_by_date must be either 'none' or 'daily'");
  }
  settings->thread_by_day = by_date == "daily";
  for (const auto& [name, value] : settings->headers) {
    if (!settings->threading || (name != "References" && name != "In-Reply-To")) continue;
    reader.Fail("enabled",
                fmt::format("conflicting configuration: threading.enabled conflicts with custom {} "
                            "header",
                            name));
  }
  return reader.Finish();
}

Status ReadTls(const YamlNode& section, const YamlNode& global, const std::string& file,
               EmailSettings* settings) {
  const YamlNode* tls = section.Find("tls_config");
  if ((tls == nullptr || tls->IsNull()) && global.IsMap()) tls = global.Find("smtp_tls_config");
  if (tls == nullptr || tls->IsNull()) return absl::OkStatus();
  TRY(CheckTlsConfigRules(*tls, file));
  settings->tls = ReadTlsOptions(*tls, file);
  return absl::OkStatus();
}

Status ReadHeaders(YamlReader* reader, EmailSettings* settings) {
  std::vector<std::pair<std::string, std::string>> headers;
  reader->StringMap("headers", &headers);
  std::set<std::string> seen;
  for (const auto& [name, value] : headers) {
    const std::string canonical = CanonicalHeader(name);
    if (canonical.find_first_of(" :\r\n\t") != std::string::npos || canonical.empty()) {
      reader->Fail("headers", fmt::format("bad header name {} in email config", Quote(name)));
    }
    if (!seen.insert(canonical).second) {
      reader->Fail("headers", fmt::format("duplicate header {} in email config", Quote(canonical)));
    }
    settings->headers.emplace_back(canonical, value);
  }
  SetHeader("Subject", R"({{ template "email.default.subject" . }})", settings);
  SetHeader("To", settings->to, settings);
  SetHeader("From", settings->from, settings);
  return absl::OkStatus();
}

}  // namespace

StatusOr<EmailSettings> ReadEmailSettings(const YamlNode& section,
                                          const AlertmanagerConfig& config) {
  EmailSettings settings;
  // The global section was checked when the file was read; here only its smtp_ keys count.
  YamlReader global(config.global, config.file, "global");
  YamlReader reader(section, config.file, "email_configs");
  const std::pair<std::string_view, std::string*> texts[] = {
      {"from", &settings.from},
      {"smarthost", &settings.smarthost},
      {"hello", &settings.hello},
      {"auth_username", &settings.username},
      {"auth_identity", &settings.identity},
  };
  for (const auto& [key, target] : texts) {
    global.String("smtp_" + std::string(key), target);
    reader.String(key, target);
  }
  global.Bool("smtp_require_tls", &settings.require_tls);
  reader.Bool("require_tls", &settings.require_tls);
  settings.implicit_tls = settings.smarthost.ends_with(":465");
  global.Bool("smtp_force_implicit_tls", &settings.implicit_tls);
  reader.Bool("force_implicit_tls", &settings.implicit_tls);
  reader.String("to", &settings.to);
  reader.String("html", &settings.html);
  reader.String("text", &settings.text);
  TRY(ReadHeaders(&reader, &settings));
  TRY(ReadTls(section, config.global, config.file, &settings));
  settings.password =
      ReadSecret(section, "auth_password", config.global, "smtp_auth_password", config.file);
  settings.secret =
      ReadSecret(section, "auth_secret", config.global, "smtp_auth_secret", config.file);
  TRY(ReadThreading(section, config.file, &settings));
  for (const char* elsewhere : {"auth_password", "auth_password_file", "auth_secret",
                                "auth_secret_file", "tls_config", "send_resolved", "threading"}) {
    reader.Child(elsewhere);
  }
  TRY(reader.Finish());
  return settings;
}

}  // namespace outrider
