import { kubeClientContract } from '../../../api/client.contract.ts';
import { startTestServer } from './test-server.fake.ts';

kubeClientContract('embedded API server', startTestServer);
