using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SecFlow.Execution.Targets;

/// <summary>Which versions of TLS this machine can speak at all. Found out once per version by a handshake with itself, in memory: what the library's configuration forbids shows in no other way.</summary>
internal static class TlsAbility
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);
    private static readonly ConcurrentDictionary<SslProtocols, Lazy<bool>> _known = new();

    public static bool Can(SslProtocols protocol) => _known.GetOrAdd(protocol, p => new Lazy<bool>(() => Task.Run(() => TryAsync(p)).GetAwaiter().GetResult())).Value;

    private static async Task<bool> TryAsync(SslProtocols protocol)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        var (there, back) = (new Pipe(), new Pipe());
        await using var client = new SslStream(new PipeEnd(back.Reader, there.Writer));
        await using var server = new SslStream(new PipeEnd(there.Reader, back.Writer));
        using var limit = new CancellationTokenSource(_patience);
#pragma warning disable CA5359 // both ends are this method
        try
        {
            var serving = server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate, EnabledSslProtocols = protocol }, limit.Token);
            var asking = client.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions { TargetHost = "localhost", EnabledSslProtocols = protocol, CertificateChainPolicy = TargetSocket.ChainPolicy(), RemoteCertificateValidationCallback = (_, _, _, _) => true },
                limit.Token);
#pragma warning restore CA5359
            var first = await Task.WhenAny(serving, asking).ConfigureAwait(false);
            if (first.IsFaulted)
            {
                // the other side waits for what will not come
                await limit.CancelAsync().ConfigureAwait(false);
            }

            await Task.WhenAll(serving, asking).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is AuthenticationException or IOException or OperationCanceledException or PlatformNotSupportedException)
        {
            return false;
        }
    }

    /// <summary>One end of a connection in memory.</summary>
    private sealed class PipeEnd(PipeReader reader, PipeWriter writer) : Stream
    {
        private readonly Stream _in = reader.AsStream();
        private readonly Stream _out = writer.AsStream();

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush() => _out.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => _out.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => _in.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _in.ReadAsync(buffer, cancellationToken);

        public override void Write(byte[] buffer, int offset, int count) => _out.Write(buffer, offset, count);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => _out.WriteAsync(buffer, cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
