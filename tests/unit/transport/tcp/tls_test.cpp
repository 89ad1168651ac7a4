#include "support/dated_certificate.hpp"
#include "transport/net/tls_context.hpp"
#include "unit/transport/tcp/certificates.hpp"
#include "unit/transport/tcp/harness.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <filesystem>
#include <fstream>

namespace warren::transport::test {
namespace {

class TcpTls : public testing::Test {
protected:
    std::string path(const std::string& name) const { return certificates.path(name); }

    TlsServerOptions server_tls() const {
        return {.certificate_file = path("server.pem"), .key_file = path("server.key")};
    }
    TlsOptions client_tls() const { return {.ca_file = path("ca.pem")}; }

    DialTarget target_of(const Server& server, std::optional<TlsOptions> tls) const {
        return tcp_target("127.0.0.1", server.transport.local_port(), std::move(tls));
    }

    /// Connect, and send a message there and back.
    void exchange(Client& client, std::string_view text) {
        const std::size_t before = client.sink.connections.size();
        const std::size_t messages = client.sink.messages.size();
        client.transport.connect(0, before);
        ASSERT_TRUE(loop.until([&] {
            return client.sink.connections.size() > before || !client.sink.failed.empty();
        }));
        ASSERT_TRUE(client.sink.failed.empty()) << client.sink.failed[0].second.message;
        client.send(text);
        ASSERT_TRUE(loop.until([&] { return client.sink.messages.size() > messages; }));
        EXPECT_TRUE(client.sink.messages.back() == text);
    }

    /// out  what connecting failed with
    Failure refusal(const DialTarget& target) {
        Client client{loop, {target}};
        client.transport.connect(0, 7);
        EXPECT_TRUE(loop.until([&] { return !client.sink.failed.empty(); }));
        EXPECT_TRUE(client.sink.connections.empty());
        if (client.sink.failed.empty()) {
            return {};
        }
        EXPECT_EQ(client.sink.failed[0].first, 7U);
        refused_how = client.sink.refusals[0];
        return client.sink.failed[0].second;
    }

    const Certificates& certificates = Certificates::shared();
    Loop loop;
    runtime::RetryClass refused_how{};
};

bool says(const Failure& failure, std::string_view text) {
    return failure.message.find(text) != std::string::npos;
}

TEST_F(TcpTls, CarriesMessagesOfAnySize) {
    Server server{loop, {.tls = server_tls()}};
    Client client{loop, {target_of(server, client_tls())}};
    exchange(client, "over TLS");
    const std::string big(std::size_t{5} << 20, 'b');
    client.send(big);
    client.send("after it");
    ASSERT_TRUE(loop.until([&] { return client.sink.messages.size() == 3; }));
    EXPECT_TRUE(client.sink.messages[1] == big);
    EXPECT_EQ(server.sink.identities, std::vector<std::string>{""});
}

TEST_F(TcpTls, RefusesACertificateOfAnotherHost) {
    Server server{loop, {.tls = server_tls()}};
    TlsOptions tls = client_tls();
    tls.server_name = "elsewhere.example";
    const Failure failure = refusal(target_of(server, tls));
    EXPECT_EQ(failure.code, Code::unauthenticated);
    EXPECT_TRUE(says(failure, "host name, 'elsewhere.example'")) << failure.message;
    EXPECT_EQ(refused_how, runtime::RetryClass::permanent);
    EXPECT_TRUE(loop.until([&] { return server.transport.counters().tls_failures.get() == 1; }));
    tls.verify = TlsVerify::none;
    Client careless{loop, {target_of(server, tls)}};
    exchange(careless, "whoever you are");
}

TEST_F(TcpTls, RefusesAnUnknownAuthorityAndASelfSignedCertificate) {
    Server server{loop, {.tls = server_tls()}};
    const Failure unknown = refusal(target_of(server, TlsOptions{.ca_file = path("other_ca.pem")}));
    EXPECT_EQ(unknown.code, Code::unauthenticated);
    EXPECT_TRUE(says(unknown, "not to be trusted")) << unknown.message;
    Server self_signed{loop,
                       {.tls = TlsServerOptions{.certificate_file = path("other_ca.pem"),
                                                .key_file = path("other_ca.key")}}};
    const Failure self = refusal(target_of(self_signed, client_tls()));
    EXPECT_TRUE(says(self, "self-signed")) << self.message;
    Client careless{loop, {target_of(self_signed, TlsOptions{.verify = TlsVerify::none})}};
    exchange(careless, "whoever you are");
}

TEST_F(TcpTls, KnowsAClientByItsCertificate) {
    TlsServerOptions mutual = server_tls();
    mutual.client_ca_file = path("ca.pem");
    Server server{loop, {.tls = mutual}};
    TlsOptions tls = client_tls();
    tls.certificate_file = path("client.pem");
    tls.key_file = path("client.key");
    Client client{loop, {target_of(server, tls)}};
    exchange(client, "known");
    exchange(client, "known again, by a resumed session");
    EXPECT_EQ(server.sink.identities, (std::vector<std::string>(2, "warren-client")));
    EXPECT_EQ(server.transport.counters().tls_resumptions.get(), 1U);
}

TEST_F(TcpTls, TellsAClientThatItsCertificateIsMissing) {
    TlsServerOptions mutual = server_tls();
    mutual.client_ca_file = path("ca.pem");
    Server server{loop, {.tls = mutual}};
    Client client{loop, {target_of(server, client_tls())}};
    client.transport.connect(0, 1);
    // With TLS 1.3 the client is through before the server has seen what it lacks.
    ASSERT_TRUE(loop.until([&] { return !client.sink.closed.empty(); }));
    EXPECT_EQ(client.sink.closed[0].code, Code::unauthenticated);
    EXPECT_TRUE(says(client.sink.closed[0], "demands a client certificate"))
        << client.sink.closed[0].message;
    EXPECT_TRUE(server.sink.connections.empty());
}

TEST_F(TcpTls, ResumesASession) {
    Server server{loop, {.tls = server_tls()}};
    Client client{loop, {target_of(server, client_tls())}};
    exchange(client, "first");
    EXPECT_EQ(server.transport.counters().tls_resumptions.get(), 0U);
    exchange(client, "second");
    EXPECT_EQ(server.transport.counters().tls_resumptions.get(), 1U);
    exchange(client, "third");
    EXPECT_EQ(server.transport.counters().tls_resumptions.get(), 2U);
}

TEST_F(TcpTls, TakesNewCertificatesUnderLiveConnections) {
    using std::filesystem::copy_options;
    const std::string certificate = path("reloaded.pem");
    const std::string key = path("reloaded.key");
    const auto install = [&](const std::string& name) {
        std::filesystem::copy_file(path(name + ".pem"), certificate,
                                   copy_options::overwrite_existing);
        std::filesystem::copy_file(path(name + ".key"), key, copy_options::overwrite_existing);
    };
    install("server");
    Server server{loop,
                  {.tls = TlsServerOptions{.certificate_file = certificate, .key_file = key}}};
    Client before{loop, {target_of(server, client_tls())}};
    exchange(before, "before");

    std::filesystem::copy_file(path("client.key"), key, copy_options::overwrite_existing);
    const auto broken = server.transport.reload_tls();
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code, Code::invalid_request);
    EXPECT_TRUE(says(broken.error(), "reloaded.key")) << broken.error().message;
    exchange(before, "the old certificate is in use still");

    install("other_ca");
    ASSERT_TRUE(server.transport.reload_tls());
    EXPECT_TRUE(says(refusal(target_of(server, client_tls())), "self-signed"));
    before.send("alive");
    ASSERT_TRUE(loop.until([&] { return before.sink.messages.size() == 3; }));
    EXPECT_TRUE(before.sink.closed.empty());
}

TEST_F(TcpTls, ReadsAuthoritiesAgainWhenTheirFileHasChanged) {
    using namespace std::filesystem;
    const std::string authorities = path("authorities.pem");
    copy_file(path("other_ca.pem"), authorities);
    Server server{loop, {.tls = server_tls()}};
    Client client{loop, {target_of(server, TlsOptions{.ca_file = authorities})}};
    client.transport.connect(0, 1);
    ASSERT_TRUE(loop.until([&] { return !client.sink.failed.empty(); }));
    client.sink.failed.clear();
    copy_file(path("ca.pem"), authorities, copy_options::overwrite_existing);
    last_write_time(authorities, file_time_type::clock::now() + std::chrono::hours{1});
    exchange(client, "trusted now");
}

TEST_F(TcpTls, NamesAFileThatCannotBeUsed) {
    ServerSink sink;
    const auto started =
        make_acceptor(
            loop.executor,
            TcpServerOptions{.tls = TlsServerOptions{.certificate_file = path("absent.pem")}})
            ->start(sink);
    ASSERT_FALSE(started);
    EXPECT_TRUE(says(started.error(), "absent.pem")) << started.error().message;
    EXPECT_TRUE(says(started.error(), "No such file")) << started.error().message;
}

TEST_F(TcpTls, UsesACertificateOutOfItsTimeAndSaysSo) {
    const std::string file = path("dated.pem");
    const TlsServerOptions dated{.certificate_file = file};
    const auto write = [&](std::chrono::hours begin, std::chrono::hours end) {
        warren::test::write_dated_certificate(file, begin, end);
    };
    Lines log;
    write(-2h, -1h);
    Server server{loop, {.tls = dated, .log = &log}};
    ASSERT_EQ(log.lines.size(), 1U);
    EXPECT_NE(log.lines[0].find("dated.pem' has expired ("), std::string::npos) << log.lines[0];
    Client client{loop, {target_of(server, TlsOptions{.verify = TlsVerify::none})}};
    exchange(client, "all the same");
    write(1h, 2h);
    ASSERT_TRUE(server.transport.reload_tls());
    ASSERT_EQ(log.lines.size(), 2U);
    EXPECT_NE(log.lines[1].find("dated.pem' is not valid yet (before "), std::string::npos);
    write(-1h, 1h);
    ASSERT_TRUE(server.transport.reload_tls());
    EXPECT_EQ(log.lines.size(), 2U);
}

TEST_F(TcpTls, SaysWhenACertificatesFileHoldsNoKey) {
    Server server{loop, {.tls = server_tls()}};
    TlsOptions tls = client_tls();
    tls.certificate_file = path("client.pem");
    const Failure left_out = refusal(target_of(server, tls));
    EXPECT_TRUE(says(left_out, "name the key's file, too, with 'key'")) << left_out.message;
    tls.key_file = path("ca.pem");
    const Failure wrong = refusal(target_of(server, tls));
    EXPECT_TRUE(says(wrong, "ca.pem' cannot be used: it holds no private key")) << wrong.message;
}

/// Both forms in which PEM holds an encrypted key.
enum class KeyForm : std::uint8_t { pkcs8, traditional };

void encrypt_key(const std::string& from, const std::string& to, const std::string& password,
                 KeyForm form) {
    BIO* const in = BIO_new_file(from.c_str(), "r");
    EVP_PKEY* const key = PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr);
    ASSERT_NE(key, nullptr);
    BIO* const out = BIO_new_file(to.c_str(), "w");
    const auto* const text = reinterpret_cast<const unsigned char*>(password.data());
    const auto size = static_cast<int>(password.size());
    const int written = form == KeyForm::pkcs8
                            ? PEM_write_bio_PKCS8PrivateKey(out, key, EVP_aes_256_cbc(),
                                                            password.data(), size, nullptr, nullptr)
                            : PEM_write_bio_PrivateKey_traditional(out, key, EVP_aes_256_cbc(),
                                                                   text, size, nullptr, nullptr);
    EXPECT_EQ(written, 1);
    BIO_free(in);
    BIO_free(out);
    EVP_PKEY_free(key);
}

// Without a terminal OpenSSL would fail as well: tests/interop/encrypted_key_test.py has one.
TEST_F(TcpTls, DecryptsAKeyWithItsPassword) {
    const std::string key = path("encrypted.key");
    const std::string secret = path("password");
    std::ofstream{secret} << "open sesame\n";
    for (const KeyForm form : {KeyForm::pkcs8, KeyForm::traditional}) {
        encrypt_key(path("server.key"), key, "open sesame", form);
        TlsServerOptions encrypted = server_tls();
        encrypted.key_file = key;
        const auto fault = [&](const std::string& password, const std::string& file) {
            encrypted.key_password = password;
            encrypted.key_password_file = file;
            const auto found = find_tls_fault(encrypted);
            EXPECT_EQ(find_tls_fault(TlsOptions{.ca_file = path("ca.pem"),
                                                .certificate_file = path("server.pem"),
                                                .key_file = key,
                                                .key_password = password,
                                                .key_password_file = file})
                          .has_value(),
                      found.has_value());
            return found.value_or(TlsFault{});
        };
        EXPECT_TRUE(says(fault("", "").failure,
                         "is encrypted: give its password with "
                         "'key_password'"));
        EXPECT_EQ(fault("", "").file, TlsFile::key);
        EXPECT_TRUE(says(fault("open barley", "").failure, "does not decrypt it"));
        EXPECT_FALSE(says(fault("open barley", "").failure, "barley"));
        EXPECT_EQ(fault("open barley", "").file, TlsFile::key_password);
        EXPECT_TRUE(says(fault("", path("absent")).failure, "No such file"));
        EXPECT_EQ(fault("", path("absent")).file, TlsFile::key_password);
        EXPECT_EQ(fault("open sesame", "").failure.message, "");
        EXPECT_EQ(fault("", secret).failure.message, "");

        Server server{loop, {.tls = encrypted}};
        Client client{loop, {target_of(server, client_tls())}};
        exchange(client, "decrypted");
        ASSERT_TRUE(server.transport.reload_tls());
        std::ofstream{secret} << "another";
        EXPECT_FALSE(server.transport.reload_tls()) << "the password is read again, too";
        std::ofstream{secret} << "open sesame\n";
    }
}

TEST_F(TcpTls, TakesAPasswordOfAKeyToALimit) {
    const std::string key = path("encrypted.key");
    for (const KeyForm form : {KeyForm::pkcs8, KeyForm::traditional}) {
        TlsServerOptions encrypted = server_tls();
        encrypted.key_file = key;
        encrypted.key_password = std::string(key_password_bytes_max, 'p');
        encrypt_key(path("server.key"), key, encrypted.key_password, form);
        const auto at_limit = find_tls_fault(encrypted);
        EXPECT_FALSE(at_limit) << at_limit->failure.message;
        encrypted.key_password += 'p';
        encrypt_key(path("server.key"), key, encrypted.key_password, form);
        const auto over = find_tls_fault(encrypted);
        ASSERT_TRUE(over);
        EXPECT_TRUE(says(over->failure, "has over 1024 bytes")) << over->failure.message;
    }
}

TEST_F(TcpTls, SaysWhoIsRefusedAndWhyOnceInAWhile) {
    Lines log;
    Server server{loop, {.tls = server_tls(), .handshake_timeout = 1h, .log = &log}};
    for (int count = 0; count != 3; ++count) {
        Peer plain{server.transport.local_port()};
        plain.send("GET / HTTP/1.1\r\n\r\n");
        EXPECT_TRUE(loop.until([&] { return plain.ended(); }));
    }
    refusal(target_of(server, TlsOptions{.ca_file = path("other_ca.pem")}));
    EXPECT_TRUE(loop.until([&] { return server.transport.counters().tls_failures.get() == 4; }));
    ASSERT_EQ(log.lines.size(), 2U);
    EXPECT_TRUE(log.lines[0].contains(": a peer at 127.0.0.1:")) << log.lines[0];
    EXPECT_TRUE(log.lines[0].contains(" is refused: it does not speak TLS (")) << log.lines[0];
    EXPECT_TRUE(log.lines[1].contains("does it trust this server's certificate?")) << log.lines[1];
    {
        Peer looker{server.transport.local_port()};
    }
    EXPECT_TRUE(loop.until([&] { return server.transport.counters().tls_failures.get() == 5; }));
    EXPECT_EQ(log.lines.size(), 2U) << "who only looks is not worth a line";
}

TEST_F(TcpTls, OffersNoStaticKeyExchange) {
    Server server{loop, {.tls = server_tls()}};
    const auto tries = [&](const char* ciphers) {
        Peer peer{server.transport.local_port()};
        SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_security_level(context, 0);
        SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
        EXPECT_EQ(SSL_CTX_set_cipher_list(context, ciphers), 1) << ciphers;
        SSL* const ssl = SSL_new(context);
        SSL_set_fd(ssl, peer.socket());
        int error = SSL_ERROR_NONE;
        EXPECT_TRUE(loop.until([&] {
            const int result = SSL_connect(ssl);
            error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl, result);
            return error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
        }));
        SSL_free(ssl);
        SSL_CTX_free(context);
        return error == SSL_ERROR_NONE;
    };
    EXPECT_TRUE(tries("ECDHE-ECDSA-AES128-GCM-SHA256"));
    EXPECT_TRUE(tries("ECDHE-ECDSA-CHACHA20-POLY1305"));
    EXPECT_FALSE(tries("ECDHE-ECDSA-AES128-SHA")) << "no authenticated encryption";
    EXPECT_FALSE(tries("kRSA")) << "no secrecy of what was recorded";
    for (const bool is_server : {true, false}) {
        const auto context =
            is_server ? make_tls_context(server_tls()) : make_tls_context(client_tls());
        ASSERT_TRUE(context);
        const STACK_OF(SSL_CIPHER)* const offered = SSL_CTX_get_ciphers(context->get());
        for (int i = 0; i != sk_SSL_CIPHER_num(offered); ++i) {
            const SSL_CIPHER* const cipher = sk_SSL_CIPHER_value(offered, i);
            EXPECT_NE(SSL_CIPHER_get_kx_nid(cipher), NID_kx_rsa) << SSL_CIPHER_get_name(cipher);
            EXPECT_EQ(SSL_CIPHER_is_aead(cipher), 1) << SSL_CIPHER_get_name(cipher);
        }
    }
}

TEST_F(TcpTls, ClosesAPeerThatSpeaksNoTls) {
    Server server{loop, {.tls = server_tls(), .handshake_timeout = 1h}};
    Peer plain{server.transport.local_port()};
    plain.send("GET / HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(loop.until([&] { return plain.ended(); }));
    Peer garbage{server.transport.local_port()};
    garbage.send(std::string{"\x16\x03\x01\x02", 4} + std::string(2'000, '\xff'));
    EXPECT_TRUE(loop.until([&] { return garbage.ended(); }));
    // A request of MessagePack-RPC, which begins as a long greeting of SSLv2 does.
    Peer packed{server.transport.local_port()};
    packed.send(std::string{"\x94\x00\x01\xa4\x65\x63\x68\x6f\x91\x07", 10});
    EXPECT_TRUE(loop.until([&] { return packed.ended(); }));
    EXPECT_TRUE(loop.until([&] { return server.transport.counters().tls_failures.get() == 3; }));
    EXPECT_EQ(server.transport.counters().connections.get(), 0U);
    EXPECT_TRUE(server.sink.connections.empty());
}

TEST_F(TcpTls, ClosesAPeerThatNeverShakesHands) {
    Lines log;
    Server server{loop, {.tls = server_tls(), .handshake_timeout = 30ms, .log = &log}};
    Peer silent{server.transport.local_port()};
    EXPECT_TRUE(loop.until([&] { return silent.ended(); }));
    EXPECT_TRUE(loop.until([&] { return server.transport.counters().tls_failures.get() == 1; }));
    ASSERT_EQ(log.lines.size(), 1U);
    EXPECT_TRUE(log.lines[0].contains("is refused: it did not shake hands within 30ms"));
}

TEST_F(TcpTls, RecognisesPlainAndTlsInEachOthersPlace) {
    Server encrypted{loop, {.tls = server_tls()}};
    Client plain{loop, {target_of(encrypted, {})}};
    plain.transport.connect(0, 1);
    ASSERT_TRUE(loop.until([&] { return !plain.sink.connections.empty(); }));
    plain.send("hello");
    ASSERT_TRUE(loop.until([&] { return !plain.sink.closed.empty(); }));
    EXPECT_TRUE(says(plain.sink.closed[0], "TLS")) << plain.sink.closed[0].message;

    Server clear{loop};
    clear.sink.echo = false;
    Peer waker{clear.transport.local_port()};
    Client client{loop, {target_of(clear, client_tls())}};
    client.transport.connect(0, 1);
    ASSERT_TRUE(loop.until([&] { return clear.sink.connections.size() == 2; }));
    for (runtime::StreamConnection* const connection : clear.sink.connections) {
        connection->output() += "this is no TLS at all";
        connection->touch();
    }
    ASSERT_TRUE(loop.until([&] { return !client.sink.failed.empty(); }));
    EXPECT_TRUE(says(client.sink.failed[0].second, "does not speak TLS"))
        << client.sink.failed[0].second.message;
}

TEST_F(TcpTls, RefusesTls11) {
    Server server{loop, {.tls = server_tls()}};
    Peer peer{server.transport.local_port()};
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
    SSL* const ssl = SSL_new(context);
    SSL_set_fd(ssl, peer.socket());
    int error = SSL_ERROR_NONE;
    ASSERT_TRUE(loop.until([&] {
        const int result = SSL_connect(ssl);
        error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl, result);
        return error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
    }));
    EXPECT_EQ(error, SSL_ERROR_SSL);
    EXPECT_TRUE(loop.until([&] { return server.transport.counters().tls_failures.get() == 1; }));
    SSL_free(ssl);
    SSL_CTX_free(context);
}

}  // namespace
}  // namespace warren::transport::test
