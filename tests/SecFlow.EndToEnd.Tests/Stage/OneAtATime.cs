// Each test starts whole portals, sandboxes and browsers, and looks for what they leave: one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
