// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/email_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "notifiers/config/schema.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kSecretKeys[] = {"auth_secret", "auth_secret_file"};
constexpr std::string_view kUnsupportedTls[] = {"ca",          "ca_file",     "cert",
                                                "cert_file",   "key",         "key_file",
                                                "server_name", "min_version", "max_version"};

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

Status CheckSupported(const YamlNode& section, const YamlNode& global, const std::string& file) {
  // With a password beside it, another mechanism of the server serves.
  const bool password =
      !ReadSecret(section, "auth_password", global, "smtp_auth_password", file).empty();
  for (const std::string_view key : kSecretKeys) {
    const std::string global_key = "smtp_" + std::string(key);
    const bool own = IsSet(section, key);
    if (password || (!own && !(global.IsMap() && IsSet(global, global_key)))) continue;
    return YamlError(
        file, own ? *section.Find(key) : *global.Find(global_key),
        "email_configs: CRAM-MD5 (auth_secret) is not supported yet; use auth_password");
  }
  const YamlNode* threading = section.Find("threading");
  if (threading != nullptr && IsSet(*threading, "thread_by_date")) {
    const YamlNode& by_date = *threading->Find("thread_by_date");
    if (by_date.scalar != "none") {
      return YamlError(file, by_date,
                       "email_configs: threading by date is not supported yet; mails of one group "
                       "always form one thread");
    }
  }
  return absl::OkStatus();
}

Status ReadTls(const YamlNode& section, const YamlNode& global, const std::string& file,
               EmailSettings* settings) {
  const YamlNode* tls = section.Find("tls_config");
  if ((tls == nullptr || tls->IsNull()) && global.IsMap()) tls = global.Find("smtp_tls_config");
  if (tls == nullptr || tls->IsNull()) return absl::OkStatus();
  for (const std::string_view key : kUnsupportedTls) {
    if (IsSet(*tls, key)) {
      return YamlError(file, *tls->Find(key),
                       fmt::format("email_configs: tls_config.{} is not supported yet", key));
    }
  }
  YamlReader reader(*tls, file, "tls_config");
  reader.Bool("insecure_skip_verify", &settings->insecure_skip_verify);
  return reader.Finish();
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
  TRY(CheckSupported(section, config.global, config.file));
  // The global section was checked when the file was read; here only its smtp_ keys count.
  YamlReader global(config.global, config.file, "global");
  YamlReader reader(section, config.file, "email_configs");
  std::string identity;
  const std::pair<std::string_view, std::string*> texts[] = {
      {"from", &settings.from},     {"smarthost", &settings.smarthost},
      {"hello", &settings.hello},   {"auth_username", &settings.username},
      {"auth_identity", &identity},
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
  if (!identity.empty() && identity != settings.username) {
    reader.Fail("auth_identity",
                "email_configs: an auth_identity other than auth_username is not supported yet");
  }
  for (const char* elsewhere : {"auth_password", "auth_password_file", "auth_secret",
                                "auth_secret_file", "tls_config", "send_resolved", "threading"}) {
    reader.Child(elsewhere);
  }
  TRY(reader.Finish());
  return settings;
}

}  // namespace outrider
