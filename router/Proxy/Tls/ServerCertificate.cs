using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ops.Router;

/// <summary>
/// The certificate that clients see, from two PEM files such as a mounted Secret of type kubernetes.io/tls. The files are
/// read again on an interval and compared by content, because the kubelet swaps a symbolic link that no file time shows.
/// A handshake takes the newest pair; connections that stand keep what they have.
/// </summary>
internal sealed partial class ServerCertificate : BackgroundService
{
    private readonly string _certificateFile;
    private readonly string _keyFile;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly ILogger<ServerCertificate> _logger;
    private volatile SslStreamCertificateContext _current;
    private string _text;

    /// <summary>Loads the first pair.</summary>
    /// <exception cref="InvalidOperationException">The files cannot be read or are no pair; the message names them.</exception>
    internal ServerCertificate(RouterOptions options, TimeProvider time, ILogger<ServerCertificate> logger)
    {
        (_certificateFile, _keyFile) = (options.TlsCertificateFile!, options.TlsKeyFile!);
        (_interval, _time, _logger) = (options.TlsReloadInterval, time, logger);
        try
        {
            (_text, _current) = Load();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new InvalidOperationException($"The TLS certificate {_certificateFile} with the key {_keyFile} cannot be used. Both must be PEM and belong together.", e);
        }
    }

    /// <summary>The pair for the next handshake, intermediate certificates included.</summary>
    internal SslStreamCertificateContext Current => _current;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_interval, _time);
        var failed = "";
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                failed = Reload(failed);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the process.
        }
    }

    // A pair that is just being written may not fit together yet; the next look will tell. Said once for each reason.
    private string Reload(string failed)
    {
        try
        {
            if (ReadText() == _text)
                return "";
            (_text, _current) = Load();
            Log.Reloaded(_logger, _certificateFile, _current.TargetCertificate.NotAfter.ToUniversalTime());
            return "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            if (e.Message != failed)
                Log.ReloadFailed(_logger, _certificateFile, _keyFile, e.Message);
            return e.Message;
        }
    }

    private (string Text, SslStreamCertificateContext Context) Load()
    {
        var text = ReadText();
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(_certificateFile);
        var leaf = X509Certificate2.CreateFromPemFile(_certificateFile, _keyFile);
        // Offline: building the context must not fetch anything from addresses that a certificate names.
        return (text, SslStreamCertificateContext.Create(leaf, chain, offline: true));
    }

    private string ReadText() => File.ReadAllText(_certificateFile) + File.ReadAllText(_keyFile);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "TLS certificate {File} was read anew; it is valid until {NotAfter:u}")]
        public static partial void Reloaded(ILogger logger, string file, DateTime notAfter);

        [LoggerMessage(2, LogLevel.Warning, "TLS certificate {File} with the key {Key} changed and cannot be used, the former one stays: {Reason}")]
        public static partial void ReloadFailed(ILogger logger, string file, string key, string reason);
    }
}
