using System.Runtime.InteropServices;
using SecFlow.Gates.Proof;
using SecFlow.Gates.Reporting;
using SecFlow.Gates.Running;

// Ctrl-C and SIGTERM: end what runs, let `finally` and `await using` stop the servers, and say so by the exit code.
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

string? only = null;
var prove = false;
for (var i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--only" when i + 1 < args.Length:
            only = args[++i];
            break;
        case "--prove-gates":
            prove = true;
            break;
        case "-h" or "--help":
            Console.WriteLine("usage: ./test [--only NAME] [--prove-gates]");
            Console.WriteLine($"NAME: {Suites.Known(Repository.Find())}");
            return 0;
        default:
            Console.Error.WriteLine($"unknown option `{args[i]}`; usage: ./test [--only NAME] [--prove-gates]");
            return 2;
    }
}

var repository = Repository.Find();
if (prove)
{
    return Report.Total(await new ProveGates(repository).RunAsync(only).ConfigureAwait(false));
}

if (only is not null && !Suites.IsKnown(repository, only))
{
    Console.Error.WriteLine($"`./test --only` does not know `{only}`; it knows {Suites.Known(repository)}");
    return 2;
}

return Report.Total(await new Suites(repository).RunAsync(only).ConfigureAwait(false));

static void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    Shell.Stop();
}
