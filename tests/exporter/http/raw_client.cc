// SPDX-License-Identifier: Apache-2.0
#include "tests/exporter/http/raw_client.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "storage/base/text.h"

namespace outrider {

RawClient::RawClient(int port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
  timeval patience = {5, 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    close(socket_);
    socket_ = -1;
  }
}

RawClient::~RawClient() {
  if (socket_ >= 0) close(socket_);
}

void RawClient::Send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t n = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

void RawClient::FinishSending() const { shutdown(socket_, SHUT_WR); }

bool RawClient::Fill() {
  std::array<char, 65536> piece = {};
  const ssize_t n = recv(socket_, piece.data(), piece.size(), 0);
  if (n <= 0) return false;
  buffer_.append(piece.data(), static_cast<size_t>(n));
  return true;
}

std::string RawClient::Take(size_t count) {
  while (buffer_.size() < count && Fill()) {
  }
  std::string out = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return out;
}

std::string RawClient::ReadLine() {
  size_t end = 0;
  while ((end = buffer_.find("\r\n")) == std::string::npos) {
    if (!Fill()) return "";
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

bool RawClient::AtEnd() { return buffer_.empty() && !Fill(); }

RawAnswer RawClient::Read(bool head) {
  RawAnswer answer;
  const std::string status_line = ReadLine();
  if (status_line.size() < 12) return answer;
  answer.status = std::atoi(status_line.substr(9, 3).c_str());
  for (std::string line = ReadLine(); !line.empty(); line = ReadLine()) {
    const size_t colon = line.find(':');
    answer.headers[ToLower(line.substr(0, colon))] = std::string(Trim(line.substr(colon + 1)));
  }
  if (head || answer.status == 204) return answer;
  if (answer.headers.contains("content-length")) {
    answer.body = Take(static_cast<size_t>(std::atoll(answer.headers["content-length"].c_str())));
  } else if (answer.headers.contains("transfer-encoding")) {
    while (const size_t size = std::strtoul(ReadLine().c_str(), nullptr, 16)) {
      answer.body += Take(size);
      Take(2);
    }
    Take(2);
  } else {
    while (Fill()) {
    }
    answer.body = Take(buffer_.size());
  }
  return answer;
}

RawAnswer Get(int port, std::string_view target, std::string_view extra_headers) {
  RawClient client(port);
  client.Send(fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n{}Connection: close\r\n\r\n",
                          target, extra_headers));
  return client.Read();
}

RawAnswer Post(int port, std::string_view target, std::string_view content_type,
               std::string_view body, std::string_view extra_headers) {
  RawClient client(port);
  client.Send(
      fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {}\r\nContent-Length: "
                  "{}\r\n{}Connection: close\r\n\r\n{}",
                  target, content_type, body.size(), extra_headers, body));
  return client.Read();
}

}  // namespace outrider
