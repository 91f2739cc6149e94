// SPDX-License-Identifier: Apache-2.0
// What AWS' SDK would find about this process: variables of the environment and the shared files
// (credentials and config) with their profiles.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "notifiers/channel/sigv4.h"
#include "storage/base/status.h"

namespace outrider {

// The environment as it was when the configuration was loaded.
struct AwsEnvironment {
  AwsCredentials credentials;
  std::string region;
  std::string profile = "default";
  std::string credentials_file;  // "" when there is no home directory
  std::string config_file;       // the same
  std::string web_identity_file;
  std::string role_arn;  // for the web identity
  std::string role_session_name;
  std::string container_uri;  // whole; of ECS and EKS
  std::string container_token;
  std::string container_token_file;
  std::string metadata_url = "http://169.254.169.254";
  bool metadata_off = false;
  bool metadata_v1_off = false;
  std::string sts_url;  // "": the region's
};
AwsEnvironment ReadAwsEnvironment();

// A profile of the shared files.
struct AwsProfile {
  AwsCredentials credentials;
  std::string region;
  std::string role_arn;
  std::string role_session_name;
  std::string web_identity_file;
  std::string not_supported;  // a key that asks for something that is not there
  bool HasKeys() const { return !credentials.access_key.empty(); }
};
// Adds what the text of a file says of a profile to *profile. In the config file sections are
// called `[profile NAME]`, but `[default]`. False: it does not name the profile.
bool ReadAwsProfile(std::string_view text, std::string_view name, bool config_file,
                    AwsProfile* profile);
// From both files, the credentials file before the config file. NotFound: neither names it.
StatusOr<AwsProfile> ProfileOf(const AwsEnvironment& environment, const std::string& name);

}  // namespace outrider
