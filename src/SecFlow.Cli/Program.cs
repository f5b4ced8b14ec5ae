using System.Runtime.InteropServices;
using SecFlow.Cli;

using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
return await CliApp.RunAsync(args, Console.Out, Console.Error, stop.Token);

void Stop(PosixSignalContext context)
{
    // The first signal cancels the run and waits for its tree to be gone; a second one ends this process.
    context.Cancel = !stop.IsCancellationRequested;
    stop.Cancel();
}
