// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/aws_environment.h"

#include <fmt/format.h>

#include <cstdlib>

#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kContainerHost = "http://169.254.170.2";
constexpr std::string_view kMetadataIpV6 = "http://[fd00:ec2::254]";

std::string Env(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? "" : value;
}

std::string EnvOr(const char* name, std::string otherwise) {
  std::string value = Env(name);
  return value.empty() ? std::move(otherwise) : std::move(value);
}

bool EnvTrue(const char* name) { return ToLower(Env(name)) == "true"; }

void ReadContainer(AwsEnvironment* found) {
  const std::string path = Env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  found->container_uri = Env("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (found->container_uri.empty() && !path.empty()) {
    found->container_uri = fmt::format("{}{}", kContainerHost, path);
  }
  found->container_token = Env("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  found->container_token_file = Env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
}

void ReadMetadata(AwsEnvironment* found) {
  if (ToLower(Env("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")) == "ipv6") {
    found->metadata_url = kMetadataIpV6;
  }
  found->metadata_url = EnvOr("AWS_EC2_METADATA_SERVICE_ENDPOINT", found->metadata_url);
  while (found->metadata_url.ends_with('/')) found->metadata_url.pop_back();
  found->metadata_off = EnvTrue("AWS_EC2_METADATA_DISABLED");
  found->metadata_v1_off = EnvTrue("AWS_EC2_METADATA_V1_DISABLED");
}

// A section's key.
void SetKey(const std::string& key, std::string value, AwsProfile* profile) {
  const std::pair<std::string_view, std::string*> keys[] = {
      {"aws_access_key_id", &profile->credentials.access_key},
      {"aws_secret_access_key", &profile->credentials.secret_key},
      {"aws_session_token", &profile->credentials.session_token},
      {"region", &profile->region},
      {"role_arn", &profile->role_arn},
      {"role_session_name", &profile->role_session_name},
      {"web_identity_token_file", &profile->web_identity_file},
  };
  for (const auto& [name, text] : keys) {
    if (key == name) *text = std::move(value);
  }
  for (const std::string_view foreign : {"source_profile", "credential_source",
                                         "credential_process", "sso_session", "sso_start_url"}) {
    if (key == foreign) profile->not_supported = key;
  }
}

bool IsSectionOf(std::string_view title, std::string_view name, bool config_file) {
  title = Trim(title);
  if (!config_file || name == "default") {
    if (title == name) return true;
  }
  constexpr std::string_view kPrefix = "profile";
  if (!config_file || !title.starts_with(kPrefix)) return false;
  const std::string_view rest = title.substr(kPrefix.size());
  return Trim(rest) == name && rest != name;
}

}  // namespace

AwsEnvironment ReadAwsEnvironment() {
  AwsEnvironment found;
  found.credentials = {EnvOr("AWS_ACCESS_KEY_ID", Env("AWS_ACCESS_KEY")),
                       EnvOr("AWS_SECRET_ACCESS_KEY", Env("AWS_SECRET_KEY")),
                       Env("AWS_SESSION_TOKEN")};
  found.region = EnvOr("AWS_REGION", Env("AWS_DEFAULT_REGION"));
  found.profile = EnvOr("AWS_PROFILE", EnvOr("AWS_DEFAULT_PROFILE", found.profile));
  const std::string home = Env("HOME");
  const std::string folder = home.empty() ? "" : home + "/.aws/";
  found.credentials_file =
      EnvOr("AWS_SHARED_CREDENTIALS_FILE", folder.empty() ? "" : folder + "credentials");
  found.config_file = EnvOr("AWS_CONFIG_FILE", folder.empty() ? "" : folder + "config");
  found.web_identity_file = Env("AWS_WEB_IDENTITY_TOKEN_FILE");
  found.role_arn = Env("AWS_ROLE_ARN");
  found.role_session_name = Env("AWS_ROLE_SESSION_NAME");
  found.sts_url = EnvOr("AWS_ENDPOINT_URL_STS", Env("AWS_ENDPOINT_URL"));
  ReadContainer(&found);
  ReadMetadata(&found);
  return found;
}

bool ReadAwsProfile(std::string_view text, std::string_view name, bool config_file,
                    AwsProfile* profile) {
  bool inside = false;
  bool found = false;
  for (std::string_view line : Split(text, '\n')) {
    const bool nested = line.starts_with(' ') || line.starts_with('\t');
    line = Trim(line);
    if (line.starts_with('[')) {
      inside = IsSectionOf(line.substr(1, line.find(']') - 1), name, config_file);
      found = found || inside;
      continue;
    }
    const size_t equals = line.find('=');
    if (!inside || equals == std::string_view::npos || line.starts_with('#') ||
        line.starts_with(';')) {
      continue;
    }
    if (nested && config_file) continue;  // of a key like `s3 =`
    SetKey(ToLower(Trim(line.substr(0, equals))), std::string(Trim(line.substr(equals + 1))),
           profile);
  }
  return found;
}

StatusOr<AwsProfile> ProfileOf(const AwsEnvironment& environment, const std::string& name) {
  AwsProfile profile;
  bool found = false;
  const std::pair<std::string, bool> files[] = {{environment.config_file, true},
                                                {environment.credentials_file, false}};
  for (const auto& [path, config_file] : files) {
    if (path.empty() || !FileExists(path)) continue;
    const StatusOr<std::string> text = ReadFile(path);
    if (!text.ok()) return absl::UnavailableError(Message(text.status()));
    AwsProfile here;
    if (!ReadAwsProfile(*text, name, config_file, &here)) continue;
    found = true;
    // Keys come whole from one file.
    if (here.HasKeys() && !here.credentials.secret_key.empty()) {
      profile.credentials = here.credentials;
    }
    const std::pair<std::string*, std::string*> rest[] = {
        {&here.region, &profile.region},
        {&here.role_arn, &profile.role_arn},
        {&here.role_session_name, &profile.role_session_name},
        {&here.web_identity_file, &profile.web_identity_file},
        {&here.not_supported, &profile.not_supported}};
    for (const auto& [from, to] : rest) {
      if (!from->empty()) *to = *from;
    }
  }
  if (!found) return NotFound(fmt::format("no AWS profile {}", Quote(name)));
  return profile;
}

}  // namespace outrider
